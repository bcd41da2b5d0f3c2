"""Why plain data is no Document: every reason at once, in words a user understands.

Only imported when the fast conversion has failed: jsonschema costs more to import than a good config to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any  # JSON Schemas are open-ended mappings

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from msgspec import Struct, structs

from provision.findings import Place, Problem, did_you_mean, error
from provision.formats.nodes import Plain
from provision.schema import document_schema

Schema = Mapping[str, Any]

MAX_LISTED = 60  # keys; nobody reads more


class Mismatch(Struct, frozen=True):
    """What jsonschema found: at `place`, `value` breaks the `rule` (a keyword) of `schema`."""

    place: Place
    value: Any  # plain data
    rule: str
    schema: Schema
    branch: int | None  # which branch of the parent's anyOf this is about
    inner: tuple[Mismatch, ...]


def explain(data: Plain, schema: Schema | None = None) -> Iterator[Problem]:
    """Problems of shape: unknown and missing keys, wrong types, numbers out of range. By default, of a config."""
    schema = document_schema() if schema is None else schema
    reader = _Reader(schema.get("$defs", {}))
    # jsonschema reports each missing key apart without naming it as data; each report tells all of them.
    told: set[Problem] = set()
    for found in Draft202012Validator(schema).iter_errors(data):
        for problem in reader.problems(_mismatch(found)):
            if problem not in told:
                told.add(problem)
                yield problem


def from_message(message: str) -> Problem:
    """The one problem that a failed conversion names itself: `Expected int - at $.users[0].uid`."""
    text, _, path = message.partition(" - at `$")
    parts = re.findall(r"([\w-]+)|\[(\d+)\]", path.rstrip("`"))
    place = tuple(int(number) if number else name for name, number in parts)
    return error("wrong-type", place, text[:1].lower() + text[1:])


def _mismatch(found: ValidationError) -> Mismatch:
    return Mismatch(
        place=tuple(found.absolute_path),
        value=found.instance,
        rule=str(found.validator),
        schema=found.schema if isinstance(found.schema, Mapping) else {},
        branch=next((part for part in found.relative_schema_path if isinstance(part, int)), None),
        inner=tuple(_mismatch(inner) for inner in found.context or ()),
    )


class _Reader:
    """Turns mismatches into problems; knows the schema's definitions."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions

    def problems(self, found: Mismatch) -> Iterator[Problem]:
        if found.rule == "additionalProperties":
            yield from _unknown_keys(found)
        elif found.rule == "required":
            yield from _missing_keys(found)
        elif _is_mode(found.schema) and type(found.value) is int:
            yield _decimal_mode(found.value, found.place)
        elif found.rule == "anyOf":
            yield from self._no_branch(found)
        elif found.rule in ("minimum", "maximum"):
            word = "less" if found.rule == "minimum" else "more"
            limit = found.schema[found.rule]
            yield error("out-of-range", found.place, f"{found.value} is {word} than {limit}")
        else:
            yield self._wrong_type(found)

    def _no_branch(self, found: Mismatch) -> Iterator[Problem]:
        """A value that fits none of several types; when it has the form of one, that one explains it."""
        for index, branch in enumerate(found.schema["anyOf"]):
            resolved = self._resolved(branch)
            if _has_form(found.value, resolved) and "enum" not in resolved:
                for inner in found.inner:
                    if inner.branch == index:
                        yield from self.problems(inner)
                return
        yield self._wrong_type(found)

    def _wrong_type(self, found: Mismatch) -> Problem:
        expected = " or ".join(dict.fromkeys(self._words(found.schema)))
        message = f"expected {expected}, got {_form(found.value)}"
        problem = error("wrong-type", found.place, message, _hint(found.value, expected))
        # A secret may stand where a list or mapping belongs, or inside one where text does.
        hides = isinstance(found.value, (list, dict)) or "a list" in expected or "a mapping" in expected
        return structs.replace(problem, sensitive=hides and isinstance(found.value, (str, list, dict)))

    def _words(self, schema: Schema) -> Iterator[str]:
        resolved = self._resolved(schema)
        if "enum" in resolved:
            yield from (repr(choice) for choice in resolved["enum"])
            return
        for branch in resolved.get("anyOf", ()):
            yield from self._words(branch)
        kind = resolved.get("type", "null")
        if kind != "null":
            yield FORMS[kind]

    def _resolved(self, schema: Schema) -> Schema:
        definition: Schema = self._definitions.get(
            str(schema.get("$ref", "")).removeprefix("#/$defs/"), schema
        )
        return definition


def _unknown_keys(found: Mismatch) -> Iterator[Problem]:
    known = list(found.schema["properties"])
    for key in found.value:
        if key not in known:
            others = ", ".join(known) if len(known) <= MAX_LISTED else "see docs/formats.md"
            hint = did_you_mean(key, known) or f"known here: {others}"
            problem = error("unknown-key", (*found.place, key), f"unknown key {key!r}", hint)
            # A misspelt `password_hash` holds a secret just as well.
            yield structs.replace(problem, at_key=True, sensitive=True)


def _missing_keys(found: Mismatch) -> Iterator[Problem]:
    for key in found.schema["required"]:
        if key not in found.value:
            yield error("missing-key", found.place, f"{key!r} is missing")


FORMS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def _is_mode(schema: Schema) -> bool:
    return any(part.get("format") == "octal-mode" for part in (schema, *schema.get("anyOf", ())))


def _has_form(value: Plain, schema: Schema) -> bool:
    return type(value) in TYPES.get(str(schema.get("type")), ())


def _form(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return next(words for kind, words in FORMS.items() if type(value) in TYPES[kind])


def _hint(value: Plain, expected: str) -> str | None:
    if value is None:
        return "give it a value, or remove the key"
    if "text" in expected and isinstance(value, (bool, int, float)):
        return "put quotes around it"
    if expected == "a list" and not isinstance(value, list):
        return "begin each item with '- '"
    return None


def _decimal_mode(value: int, place: Place) -> Problem:
    octal = all(digit in "01234567" for digit in str(value))
    hint = f'write "{value:04d}"' if octal and value >= 0 else 'write octal digits in quotes: "0644"'
    return error("mode-decimal", place, f"{value} is decimal; a mode is octal", hint)
