"""`${facts.NAME}` in string values: found when a config is checked, filled in when it is planned.

Only `${facts.` is ours. `${HOME}` in a script and `$${HOME}` in a unit mean something to the shell and to
systemd and stay as they are. `$${facts.` is written for a literal `${facts.`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar, cast

from msgspec import Struct, structs

from provision.errors import ProvisionError
from provision.facts import FACT_NAMES, Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text

VARIABLE = re.compile(r"(?P<escape>\$?)\$\{facts\.(?:(?P<name>[^{}\s]*)\})?")

Value = TypeVar("Value")


def has_variable(text: str) -> bool:
    """A text whose final form is known only at plan time; its syntax is checked then."""
    return "${facts." in text


def check_variables(value: object, place: Place = ()) -> Iterator[Problem]:
    """Variables that can never be filled in."""
    for here, text in _strings(value, place):
        for match in VARIABLE.finditer(text):
            for problem in _check_match(match, here):
                yield replace(problem, text_line=text.count("\n", 0, match.start()))


def _check_match(match: re.Match[str], place: Place) -> Iterator[Problem]:
    name = match["name"]
    if match["escape"]:
        return
    if name is None:
        hint = "write ${facts.hostname}, or $${facts. for these very characters"
        yield error("variable-syntax", place, "'${facts.' without a name and '}'", hint)
    elif name not in FACT_NAMES:
        hint = did_you_mean(name, FACT_NAMES) or f"facts are {', '.join(FACT_NAMES)}"
        yield error("unknown-variable", place, f"there is no fact {name!r}", hint)


def expand(value: Value, facts: Facts, place: Place) -> Value:
    """The same value with every variable filled in. Raises ProvisionError for a fact that is not known."""
    # The walk keeps each type as it is, which the type checker cannot see.
    return cast(Value, _expanded(value, facts, place))


def _expanded(value: object, facts: Facts, place: Place) -> object:
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: _fact(match, facts, place), value) if "${facts." in value else value
    if isinstance(value, Struct):
        fields = {
            name: _expanded(getattr(value, name), facts, (*place, name)) for name in value.__struct_fields__
        }
        return structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(_expanded(item, facts, (*place, index)) for index, item in enumerate(value))
    if isinstance(value, dict):
        return {key: _expanded(item, facts, (*place, key)) for key, item in value.items()}
    return value


def _fact(match: re.Match[str], facts: Facts, place: Place) -> str:
    if match["escape"]:
        return match[0][1:]
    name = match["name"]
    known = getattr(facts, name) if name in FACT_NAMES else None
    if known is None:
        raise ProvisionError(
            f"fact {name!r} is not known on this machine",
            path=path_text(place),
            hint="write the value instead of the variable",
        )
    return str(known)


def _strings(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _strings(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _strings(item, (*place, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*place, key))
