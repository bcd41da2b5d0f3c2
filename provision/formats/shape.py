"""Why plain data is no Document: every reason at once, in words a user understands.

Only imported when the fast conversion has failed: jsonschema costs more to import than a good config to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any  # JSON Schemas are open-ended mappings

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from provision.findings import Place, Problem, did_you_mean, error
from provision.formats.nodes import Plain
from provision.schema import document_schema, secret_names

Schema = Mapping[str, Any]


def explain(data: Plain) -> Iterator[Problem]:
    """Problems of shape: unknown and missing keys, wrong types, numbers out of range."""
    schema = document_schema()
    reader = _Reader(schema, secret_names())
    for problem in sorted(
        Draft202012Validator(schema).iter_errors(data), key=lambda found: list(map(str, found.path))
    ):
        yield from reader.problems(problem, ())


def from_message(message: str) -> Problem:
    """The one problem that a failed conversion names itself: `Expected int - at $.users[0].uid`."""
    text, _, path = message.partition(" - at `$")
    place = tuple(
        int(number) if number else name
        for name, number in re.findall(r"([\w-]+)|\[(\d+)\]", path.rstrip("`"))
    )
    return error("wrong-type", place, text[:1].lower() + text[1:])


class _Reader:
    """Turns jsonschema's errors into problems; knows the schema for the names to suggest."""

    def __init__(self, schema: Schema, secrets: frozenset[str]) -> None:
        self._definitions: Schema = schema.get("$defs", {})
        self._secrets = secrets

    def problems(self, found: ValidationError, base: Place) -> Iterator[Problem]:
        place: Place = (*base, *found.path)
        schema: Schema = found.schema if isinstance(found.schema, Mapping) else {}
        if found.validator == "additionalProperties":
            yield from self._unknown_keys(found, place)
        elif found.validator == "required":
            yield from self._missing_keys(found, place)
        elif found.validator == "anyOf":
            yield from self._no_branch(found, schema, place)
        elif schema.get("format") == "octal-mode" and isinstance(found.instance, int):
            yield _decimal_mode(found.instance, place)
        elif found.validator in ("minimum", "maximum"):
            word = "less" if found.validator == "minimum" else "more"
            yield error("out-of-range", place, f"{found.instance} is {word} than {found.validator_value}")
        else:
            yield self._wrong_type(found.instance, schema, place)

    def _unknown_keys(self, found: ValidationError, place: Place) -> Iterator[Problem]:
        known = list(found.schema["properties"]) if isinstance(found.schema, Mapping) else []
        for key in found.instance:
            if key not in known:
                hint = did_you_mean(key, known) or f"known here: {', '.join(known)}"
                problem = error("unknown-key", (*place, key), f"unknown key {key!r}", hint)
                # A misspelt `password_hash` holds a secret just as well.
                yield replace(problem, at_key=True, sensitive=True)

    def _missing_keys(self, found: ValidationError, place: Place) -> Iterator[Problem]:
        for key in found.validator_value:
            if key not in found.instance and f"{key!r} is a required" in found.message:
                yield error("missing-key", place, f"{key!r} is missing")

    def _no_branch(self, found: ValidationError, schema: Schema, place: Place) -> Iterator[Problem]:
        """A value that fits none of several types; when it has the form of one, that one explains it."""
        for index, branch in enumerate(schema["anyOf"]):
            resolved = self._resolved(branch)
            numeric_range = "minimum" in resolved or "maximum" in resolved
            if _has_form(found.instance, resolved) and (resolved.get("type") == "object" or numeric_range):
                for inner in found.context or ():
                    if inner.schema_path and inner.schema_path[0] == index:
                        yield from self.problems(inner, place[: len(place) - len(found.path)])
                return
        octal = any(self._resolved(branch).get("format") == "octal-mode" for branch in schema["anyOf"])
        if (octal or schema.get("format") == "octal-mode") and type(found.instance) is int:
            yield _decimal_mode(found.instance, place)
        else:
            yield self._wrong_type(found.instance, schema, place)

    def _wrong_type(self, value: Plain, schema: Schema, place: Place) -> Problem:
        expected = " or ".join(dict.fromkeys(self._words(schema)))
        secret = any(part in self._secrets for part in place)
        problem = error(
            "wrong-type", place, f"expected {expected}, got {_form(value)}", _hint(value, expected)
        )
        return replace(problem, sensitive=secret or not isinstance(value, (bool, int, float, type(None))))

    def _words(self, schema: Schema) -> Iterator[str]:
        resolved = self._resolved(schema)
        if "enum" in resolved:
            yield from (repr(choice) for choice in resolved["enum"])
            return
        for branch in resolved.get("anyOf", ()):
            yield from self._words(branch)
        kinds = resolved.get("type", [])
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            if kind != "null":
                yield FORMS[kind]

    def _resolved(self, schema: Schema) -> Schema:
        reference = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        return self._definitions.get(reference, schema)


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
