"""What a field of the config means, from its type: description, type in words, default, limits, examples, fields."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from inspect import cleandoc

import msgspec
from msgspec import Struct, inspect, to_builtins

from provision.document import whole_document
from provision.findings import did_you_mean
from provision.formats.merge import KEYS
from provision.sections.hidden import HiddenText

WIDTH = 100


class Field(Struct, frozen=True):
    """One line about a field of a mapping."""

    name: str
    type: str
    required: bool
    description: str


class Topic(Struct, frozen=True):
    """All that the type of one field says. `default` and `examples` are plain data, absent defaults None.

    `merged_by` is the key by which entries of an included config and of the including one are the same thing.
    """

    path: str
    description: str
    type: str
    required: bool
    secret: bool
    default: object
    merged_by: str | None
    constraints: tuple[str, ...]
    examples: tuple[object, ...]
    fields: tuple[Field, ...]


class UnknownPath(Exception):
    """There is no such field; `hint` names what there is instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def explain(path: str) -> Topic:
    """The field at a config path; indices may be left out: `files.mode`, `files[0].mode` and `files[].mode` are one."""
    known: list[str] = []
    info = inspect.type_info(whole_document())
    field: inspect.Field | None = None
    for name in re.sub(r"\[[^\]]*\]", "", path).split("."):
        field, info = _below(info, name, ".".join(known))
        known.append(name)
    return _topic(".".join(known), field, info)


def sections() -> tuple[Field, ...]:
    """One line for each top-level key."""
    return tuple(_fields(inspect.type_info(whole_document())))


def _below(info: inspect.Type, name: str, path: str) -> tuple[inspect.Field | None, inspect.Type]:
    """The field of that name and its type; the values of a mapping with free keys have a type, but no field."""
    inner = next(_containers(info), None)
    if isinstance(inner, inspect.DictType):
        return None, inner.value_type
    where = f"{path!r}" if path else "the config"
    if inner is None:
        raise UnknownPath(f"{where} has no fields of its own", f"see provision explain {path}")
    for field in inner.fields:
        if field.name == name:
            return field, field.type
    names = [field.name for field in inner.fields]
    hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
    raise UnknownPath(f"{where} has no field {name!r}", hint)


def _containers(info: inspect.Type) -> Iterator[inspect.StructType | inspect.DictType]:
    """Mappings in a type, seen through lists, unions and annotations."""
    match info:
        case inspect.Metadata():
            yield from _containers(info.type)
        case inspect.UnionType():
            for member in info.types:
                yield from _containers(member)
        case inspect.VarTupleType():
            yield from _containers(info.item_type)
        case inspect.StructType() | inspect.DictType():
            yield info


def _topic(path: str, field: inspect.Field | None, info: inspect.Type) -> Topic:
    schema = dict(_schema(info))
    inner = next(_containers(info), None)
    return Topic(
        path=path,
        description=_description(info, inner),
        type=words(info),
        required=field is not None and field.required,
        secret=_is_secret(info),
        default=_default(field),
        merged_by=KEYS.get(tuple(path.split("."))),
        constraints=tuple(dict.fromkeys(_constraints(info))),
        examples=tuple(schema.get("examples", ())),
        fields=tuple(_fields(inner)) if isinstance(inner, inspect.StructType) else (),
    )


def _schema(info: inspect.Type) -> dict[str, list[object]]:
    return (info.extra_json_schema or {}) if isinstance(info, inspect.Metadata) else {}


def _summary(info: inspect.Type) -> str:
    return str(_schema(info).get("description", ""))


def _description(info: inspect.Type, inner: inspect.StructType | inspect.DictType | None) -> str:
    """What the field is for, then what each of its mappings is."""
    parts = [_summary(info)]
    if isinstance(inner, inspect.StructType):
        parts.append(cleandoc(inner.cls.__doc__ or ""))
    return "\n\n".join(dict.fromkeys(part for part in parts if part))


def _fields(info: inspect.Type) -> Iterator[Field]:
    for field in info.fields if isinstance(info, inspect.StructType) else ():
        yield Field(field.name, words(field.type), field.required, _summary(field.type))


def _default(field: inspect.Field | None) -> object:
    if field is None or field.required:
        return None
    if field.default is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default)
    return field.default_factory() if callable(field.default_factory) else None


PLAIN_WORDS = {
    inspect.BoolType: "true or false",
    inspect.FloatType: "number",
    inspect.IntType: "whole number",
    inspect.StrType: "text",
}


def words(info: inspect.Type) -> str:
    """The type as people say it: `list of text`, `text or whole number`."""
    match info:
        case inspect.Metadata():
            return words(info.type)
        case inspect.UnionType():
            members = (member for member in info.types if not isinstance(member, inspect.NoneType))
            return " or ".join(dict.fromkeys(words(member) for member in members))
        case inspect.VarTupleType():
            item = words(info.item_type)
            return f"list of {item}s" if item == "mapping" else f"list of {item}"
        case inspect.DictType():
            value = words(info.value_type)
            return f"mapping of names to {'values' if ' or ' in value else value}"
        case inspect.StructType():
            return "mapping"
        case inspect.LiteralType():
            return " or ".join(repr(value) for value in info.values)
        case inspect.CustomType() if info.cls is HiddenText:
            return "text"
    return PLAIN_WORDS[type(info)]


def _constraints(info: inspect.Type) -> Iterator[str]:
    match info:
        case inspect.Metadata():
            yield from _constraints(info.type)
        case inspect.UnionType():
            for member in info.types:
                yield from _constraints(member)
        case inspect.VarTupleType():
            yield from _lengths(info.min_length, info.max_length, "items")
            yield from _constraints(info.item_type)
        case inspect.StrType():
            yield from _lengths(info.min_length, info.max_length, "characters")
            if info.pattern is not None:
                yield f"matches {info.pattern}"
        case inspect.IntType() | inspect.FloatType():
            yield from _range(info)


def _range(info: inspect.IntType | inspect.FloatType) -> Iterator[str]:
    limits = (
        ("at least", info.ge),
        ("more than", info.gt),
        ("at most", info.le),
        ("less than", info.lt),
        ("a multiple of", info.multiple_of),
    )
    yield from (f"{words} {limit}" for words, limit in limits if limit is not None)


def _lengths(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None:
        yield f"at least {least} {unit}"
    if most is not None:
        yield f"at most {most} {unit}"


def _is_secret(info: inspect.Type) -> bool:
    return isinstance(info, inspect.Metadata) and bool((info.extra or {}).get("secret"))


def render_text(topic: Topic) -> str:
    lines = [topic.path, ""]
    for paragraph in topic.description.split("\n\n"):
        lines += [*textwrap.wrap(paragraph, WIDTH, initial_indent="  ", subsequent_indent="  "), ""]
    lines += [f"  {name:<9} {value}" for name, value in _facts(topic)]
    if topic.fields:
        lines += ["", textwrap.indent(render_fields(topic.fields).rstrip(), "  ")]
    return "\n".join(lines) + "\n"


def _facts(topic: Topic) -> Iterator[tuple[str, str]]:
    yield "type", topic.type + (", secret: no output shows it" if topic.secret else "")
    if topic.required:
        yield "required", "yes"
    elif topic.default not in (None, (), [], {}):
        yield "default", _shown(topic.default)
    if topic.merged_by is not None:
        yield "include", f"entries merge by {topic.merged_by}"
    for constraint in topic.constraints:
        yield "limit", constraint
    for example in topic.examples:
        yield "example", _shown(example)


def _shown(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def render_fields(fields: tuple[Field, ...]) -> str:
    """A line a field: name, with a star when it is required, type, description."""
    names = [f"{field.name}{'*' if field.required else ''}" for field in fields]
    name_width = max(map(len, names))
    type_width = max(len(field.type) for field in fields)
    lines = [
        f"{name:<{name_width}}  {field.type:<{type_width}}  {field.description}".rstrip()
        for name, field in zip(names, fields, strict=True)
    ]
    required = ["", "* required"] if any(field.required for field in fields) else []
    return "\n".join([*lines, *required]) + "\n"


def as_data(topic: Topic) -> dict[str, object]:
    """The shape documented for `explain --format json`: the names of Topic and Field."""
    data: dict[str, object] = to_builtins(topic)
    return data
