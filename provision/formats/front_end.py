"""What a front end is, and how it turns the user's text into a native tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any  # msgspec has no type for what a description of a type may be

import msgspec
from msgspec import Meta, Struct, inspect, structs
from yaml.nodes import MappingNode

from provision.findings import Place, Problem, Severity, error, warning
from provision.formats import FORMATS
from provision.formats.draft import Beside, Draft, Inclusion
from provision.formats.locate import MAX_PROBLEMS
from provision.formats.nodes import NodeProblem, Plain
from provision.formats.spelling import SUGAR, Spell
from provision.formats.tree import Tree
from provision.schema import schema_of, secret_names
from provision.sections.hidden import custom_type


class Level(Struct, frozen=True):
    """How new a config may be. `fields` has for each version of its format, oldest first, the version in the terms of
    `spelling.since` whose fields it has.
    """

    version: str
    fields: Mapping[str, str]

    def lacks(self, since: str) -> bool:
        return _number(self.fields[self.version]) < _number(since)

    def first_with(self, since: str) -> str | None:
        return next((name for name, has in self.fields.items() if _number(has) >= _number(since)), None)


class FrontEnd(Struct, frozen=True):
    """A format that is translated.

    `types` describe what may be written; `translate` gets it as a value of them, and fills the draft. `hints` say in
    the words of the format what the native hints, by code, say in ours. `spell` makes the names of a vocabulary those
    of the format. `level` is None for a version that is not known.
    """

    parse: Callable[[str], Tree]
    types: type[Struct]
    translate: Callable[[Any, Draft], None]
    hints: Mapping[str, str | None] = {}
    spell: Spell = str
    level: Callable[[Plain], Level | None] | None = None

    def secret_names(self) -> frozenset[str]:
        return secret_names(self.types)


def front_end_at(module: str) -> FrontEnd:
    """Of a row of FORMATS."""
    found: FrontEnd = import_module(module).FRONT_END
    return found


def every_secret_name() -> frozenset[str]:
    """Of all formats: for a text that may hold any of them."""
    modules = [known.front_end for known in FORMATS if known.front_end is not None]
    return secret_names().union(*(front_end_at(module).secret_names() for module in modules))


class Translated(Struct, frozen=True):
    """`root` is the native tree, or None when nothing could be translated; `places` as in Layout.

    `problems` are at places of the user's format. `is_whole` is false when something had to be left out, so that
    what refers to it must not be blamed.
    """

    root: MappingNode | None
    places: Mapping[int, Place]
    problems: tuple[Problem, ...]
    nodes: tuple[NodeProblem, ...]
    is_whole: bool
    inclusions: tuple[Inclusion, ...] = ()


def translate(front_end: FrontEnd, tree: Tree, beside: Beside | None = None) -> Translated:
    if tree.problems:
        return Translated(None, {}, (), tree.problems, is_whole=False)
    data = _without_nulls(tree.data)
    draft = Draft(tree.root, spell=front_end.spell, beside=beside)
    problems: list[Problem] = []
    config = _converted(data, front_end.types)
    is_whole = config is not None
    if config is None:
        problems += islice(_shape_problems(data, front_end.types), MAX_PROBLEMS + 1)
        unknown = {problem.place for problem in problems if problem.code == "unknown-key"}
        config = _sound_part(_without(data, unknown, ()), front_end.types)
    level = front_end.level(data) if front_end.level is not None else None
    problems += _marked(inspect.type_info(front_end.types), data, (), level)
    if config is None:
        return Translated(None, {}, tuple(problems), (), is_whole=False)
    front_end.translate(config, draft)
    root = draft.finish()
    found = (*problems, *draft.problems)
    return Translated(root, draft.places, found, (), is_whole, tuple(draft.inclusions))


def not_carried(severity: Severity, message: str, *, since: str | None = None, sugar: bool = False) -> Meta:
    """For a field of a format that is known, and not carried out: an error when the machine would be another one
    without it, a warning when it would be the same. The rest as for `spelling.since`.
    """
    return Meta(description=message, extra={"not_carried": severity, "since": since, SUGAR: sugar})


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _too_new(since: str, place: Place, level: Level) -> Problem:
    first = level.first_with(since)
    message = f"version {level.version} has no {place[-1]!r}"
    hint = f"write version {first}, or remove it" if first else "remove it: no version of this format has it"
    return structs.replace(error("newer-key", place, message, hint), at_key=True)


def _left_out(severity: Severity, place: Place, why: str) -> Problem:
    message = f"{place[-1]!r} is not carried out: {why}"
    if severity is Severity.ERROR:
        return error("not-carried", place, message, "remove it")
    return warning("not-carried", place, message)


def _without_nulls(data: Plain) -> Plain:
    """A key with nothing behind it says nothing."""
    if isinstance(data, dict):
        return {key: _without_nulls(value) for key, value in data.items() if value is not None}
    return [_without_nulls(item) for item in data] if isinstance(data, list) else data


def _converted(data: Plain, types: type[Struct]) -> Struct | None:
    try:
        return msgspec.convert(data, types, dec_hook=custom_type)
    except msgspec.ValidationError:
        return None


def _shape_problems(data: Plain, types: type[Struct]) -> Iterator[Problem]:
    from provision.formats import shape

    explained = False
    for problem in shape.explain(data, schema_of(types)):
        explained = True
        yield problem
    if explained:
        return
    try:  # what a schema cannot say
        msgspec.convert(data, types, dec_hook=custom_type)
    except msgspec.ValidationError as failure:
        yield shape.from_message(str(failure))


def _without(data: Plain, places: set[Place], here: Place) -> Plain:
    """Only keys go: an item that went would move the places of the others."""
    if isinstance(data, dict):
        return {
            key: _without(value, places, (*here, key))
            for key, value in data.items()
            if (*here, key) not in places
        }
    if isinstance(data, list):
        return [_without(item, places, (*here, index)) for index, item in enumerate(data)]
    return data


def _sound_part(data: Plain, types: type[Struct]) -> Struct | None:
    """What is of good shape, so that one run shows all: the top-level keys that are so each by itself."""
    if not isinstance(data, dict):
        return None
    fields = structs.fields(types)
    known = {field.encode_name: data[field.encode_name] for field in fields if field.encode_name in data}
    base = {
        field.encode_name: known[field.encode_name]
        for field in fields
        if field.required and field.encode_name in known
    }
    good = {key: value for key, value in known.items() if _converted({**base, key: value}, types) is not None}
    return _converted({**base, **good}, types)


def _marked(info: inspect.Type, data: Plain, place: Place, level: Level | None) -> Iterator[Problem]:
    """What is there, and its type says that it is not carried out, or newer than the config says to be."""
    if isinstance(info, inspect.Metadata):
        marks = info.extra or {}
        since, severity = marks.get("since"), marks.get("not_carried")
        if since is not None and level is not None and level.lacks(since):
            yield _too_new(since, place, level)
        elif severity is None:
            yield from _marked(info.type, data, place, level)
        elif data not in ("", [], {}, False):
            message = str((info.extra_json_schema or {}).get("description"))
            yield structs.replace(_left_out(severity, place, message), at_key=True)
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from _marked(member, data, place, level)
    elif isinstance(info, (inspect.VarTupleType, inspect.ListType)) and isinstance(data, list):
        for index, item in enumerate(data):
            yield from _marked(info.item_type, item, (*place, index), level)
    elif isinstance(info, inspect.StructType) and isinstance(data, dict):
        for field in info.fields:
            if field.encode_name in data:
                here = (*place, field.encode_name)
                yield from _marked(field.type, data[field.encode_name], here, level)
