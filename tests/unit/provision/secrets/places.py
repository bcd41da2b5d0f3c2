"""Every secret field of the language, found by walking its types, and configs with a text of ours in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec import NODEFAULT, inspect

from provision.document import whole_document
from provision.formats.nodes import Plain

Keys = tuple[str, ...]
"""Names of fields from the document to a secret; "[]" is an item of a list."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret field. `holds_names` is that it is a mapping of names to secrets."""

    keys: Keys
    holds_names: bool

    @property
    def name(self) -> str:
        return ".".join(self.keys).replace(".[]", "[]")

    @property
    def field(self) -> str:
        return self.keys[-1]

    def value(self, text: str) -> Plain:
        return {"X-Name": text} if self.holds_names else text


def secrets() -> list[Secret]:
    return list(_walk(inspect.type_info(whole_document()), ()))


def _walk(info: inspect.Type, keys: Keys) -> Iterator[Secret]:
    if isinstance(info, inspect.Metadata):
        yield from _walk(info.type, keys)
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from _walk(member, keys)
    elif isinstance(info, inspect.VarTupleType):
        yield from _walk(info.item_type, (*keys, "[]"))
    elif isinstance(info, inspect.StructType):
        for field in info.fields:
            here = (*keys, field.encode_name)
            if isinstance(field.type, inspect.Metadata) and (field.type.extra or {}).get("secret"):
                yield Secret(here, _is_mapping(field.type.type))
            else:
                yield from _walk(field.type, here)


def _is_mapping(info: inspect.Type) -> bool:
    members = info.types if isinstance(info, inspect.UnionType) else (info,)
    return any(isinstance(member, inspect.DictType) for member in members)


@dataclass(frozen=True, slots=True)
class Grown:
    """A config with one secret in it, of good shape apart from that, and the mapping the secret is in."""

    root: dict[str, Plain]
    beside: dict[str, Plain]
    above: dict[str, Plain]
    """The mapping that holds `beside`, or a list of it, under `above_key`."""
    above_key: str


def grow(secret: Secret, text: str) -> Grown:
    root: dict[str, Plain] = {}
    info, here, above, above_key = inspect.type_info(whole_document()), root, root, ""
    for key in secret.keys[:-1]:
        if key == "[]":
            continue
        struct = _struct(info)
        info = next(field.type for field in struct.fields if field.encode_name == key)
        inner = {field.encode_name: _sample(field.type) for field in _required(_struct(info))}
        above, above_key = here, key
        here[key] = (
            [inner] if "[]" in secret.keys[secret.keys.index(key) : secret.keys.index(key) + 2] else inner
        )
        here = inner
    here[secret.field] = secret.value(text)
    return Grown(root, here, above, above_key)


def _struct(info: inspect.Type) -> inspect.StructType:
    """The struct in an optional one, or in a list of them."""
    if isinstance(info, inspect.StructType):
        return info
    if isinstance(info, inspect.Metadata):
        return _struct(info.type)
    if isinstance(info, inspect.VarTupleType):
        return _struct(info.item_type)
    assert isinstance(info, inspect.UnionType)
    plain = (inspect.NoneType, inspect.StrType)
    return next(_struct(member) for member in info.types if not isinstance(member, plain))


def _required(struct: inspect.StructType) -> list[inspect.Field]:
    return [field for field in struct.fields if field.required and field.default is NODEFAULT]


def _sample(info: inspect.Type) -> Plain:
    if isinstance(info, inspect.Metadata):
        examples = (info.extra_json_schema or {}).get("examples")
        return examples[0] if examples else _sample(info.type)
    if isinstance(info, inspect.LiteralType):
        return info.values[0]
    if isinstance(info, (inspect.CustomType, inspect.StrType)):
        return "x"
    assert isinstance(info, inspect.IntType), info
    return 1


def damaged(secret: Secret, text: str) -> Iterator[tuple[str, str]]:
    """What people get wrong around a secret: `how`, and the config with the secret in it."""
    for how, change in DAMAGE.items():
        grown = grow(secret, text)
        change(secret, grown, text)
        yield f"{how}, flow", json.dumps(grown.root)
        yield f"{how}, block", block(grown.root)
    text_of = block(grow(secret, text).root)
    yield "twice", text_of + text_of
    yield (
        "twice in a flow",
        json.dumps(grow(secret, text).root)[:-1] + ", " + json.dumps(grow(secret, text).root)[1:],
    )
    yield "in a second document", text_of + "---\n" + text_of
    yield "with an open quote", text_of.replace(f'"{text}"', f"'{text}")
    yield "with a colon", text_of.replace(f'"{text}"', f"{text}: {text}")
    yield "over lines", text_of.replace(f'"{text}"', f"|\n  {text}\n\t{text}: [")
    yield "with a control character", text_of.replace(f'"{text}"', f"{text}\x01")
    yield "in Latin-1", text_of.replace(f'"{text}"', f"{text} \udce9")
    yield "with a tag", text_of.replace(f'"{text}"', f'!secret "{text}"')
    yield "with a variable", text_of.replace(text, f"{text}${{facts.no}}${{vars.no}}")
    yield "with a line break", text_of.replace(text, f"{text}\\n{text}\\u0000")
    yield "behind an alias", f'x: &x "{text}"\n' + text_of.replace(f'"{text}"', "*x")
    yield "behind a merge", text_of + f"<<: [1, {{{secret.field}: {text}}}]\n"


def _siblings_wrong(secret: Secret, grown: Grown, text: str) -> None:
    info = inspect.type_info(whole_document())
    for key in secret.keys[:-1]:
        if key != "[]":
            info = next(field.type for field in _struct(info).fields if field.encode_name == key)
    for field in _struct(info).fields:
        grown.beside.setdefault(field.encode_name, [[1]])


def _put(value: Callable[[str], Plain]) -> Callable[[Secret, Grown, str], None]:
    def change(secret: Secret, grown: Grown, text: str) -> None:
        grown.beside[secret.field] = value(text)

    return change


def _renamed(secret: Secret, grown: Grown, text: str) -> None:
    grown.beside[secret.field.replace("_", "-") + "s"] = grown.beside.pop(secret.field)


def _above(value: Callable[[str], Plain]) -> Callable[[Secret, Grown, str], None]:
    def change(secret: Secret, grown: Grown, text: str) -> None:
        grown.above[grown.above_key] = value(text)

    return change


DAMAGE: dict[str, Callable[[Secret, Grown, str], None]] = {
    "alone": lambda secret, grown, text: None,
    "beside wrong types": _siblings_wrong,
    "beside an unknown key": lambda secret, grown, text: grown.beside.update(nonsense=[1]),
    "as a list": _put(lambda text: [text]),
    "as a mapping": _put(lambda text: {"value": text}),
    "as a mapping of lists": _put(lambda text: {"value": [text, [text]]}),
    "as a list of mappings": _put(lambda text: [{text: text}]),
    "as a name": _put(lambda text: {text: "x"}),
    "under another name": _renamed,
    "in place of its section": _above(lambda text: text),
    "in place of an item": _above(lambda text: [text]),
    "in place of a field": _above(lambda text: {"text": text, "x": [text]}),
}


def block(data: Plain, indent: str = "") -> str:
    """YAML in block style, with every text in double quotes."""
    if isinstance(data, dict) and data:
        return "".join(f"{indent}{key}:{_inner(value, indent)}" for key, value in data.items())
    assert isinstance(data, list)
    return "".join(f"{indent}-{_inner(value, indent)}" for value in data)


def _inner(value: Plain, indent: str) -> str:
    if isinstance(value, (dict, list)) and value:
        return "\n" + block(value, indent + "  ")
    return f" {json.dumps(value)}\n"
