"""`${facts.NAME}` in string values: found when a config is checked, filled in when it is planned.

Only `${facts.` and `${vars.` (provision/vars.py) are ours. `${HOME}` in a script and `$${HOME}` in a unit mean
something to the shell and to systemd and stay as they are. `$${facts.` is written for a literal `${facts.`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from msgspec import Struct, json, structs

from provision.errors import ProvisionError
from provision.facts import FACT_NAMES, Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text

VARIABLE = re.compile(r"(?P<escape>\$?)\$\{facts\.(?:(?P<name>[^{}\s]*)\})?")

Value = TypeVar("Value")


def has_variable(text: str) -> bool:
    """A text whose final form is known only later; its syntax is checked then."""
    return "${facts." in text or "${vars." in text


def check_variables(value: object, place: Place = ()) -> Iterator[Problem]:
    """Facts that can never be filled in."""
    if not mentions(value, "${facts."):
        return
    for here, text in strings(value, place):
        for match in VARIABLE.finditer(text) if "${facts." in text else ():
            for problem in _check_match(match, here):
                yield structs.replace(problem, text_line=text.count("\n", 0, match.start()))


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
    """The same value with every fact filled in. Raises ProvisionError for one that is not known."""
    if not mentions(value, "${facts."):
        return value

    def with_facts(text: str, here: Place) -> str:
        return VARIABLE.sub(lambda match: _fact(match, facts, here), text) if "${facts." in text else text

    return with_strings(value, with_facts, place)


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


def with_strings(value: Value, change: Callable[[str, Place], str], place: Place) -> Value:
    """The same value with every text in it changed. Keys of mappings and secrets stay as they are."""
    # The walk keeps each type as it is, which the type checker cannot see.
    return cast(Value, _changed(value, change, place))


def _changed(value: object, change: Callable[[str, Place], str], place: Place) -> object:
    if isinstance(value, str):
        return change(value, place)
    if isinstance(value, Struct):
        fields = {
            name: _changed(getattr(value, name), change, (*place, name)) for name in value.__struct_fields__
        }
        return structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(_changed(item, change, (*place, index)) for index, item in enumerate(value))
    if isinstance(value, dict):
        return {key: _changed(item, change, (*place, key)) for key, item in value.items()}
    return value


def mentions(value: object, variable: str) -> bool:
    """Whether any text in a value may hold this; secrets, which take no variables, aside.

    msgspec writes a document of two thousand files in the time in which twenty are looked through one by one.
    """
    return variable.encode() in json.encode(value, enc_hook=lambda _secret: None)


def strings(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Every text in a value, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from strings(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from strings(item, (*place, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, (*place, key))
