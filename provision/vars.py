"""`${vars.NAME}`: the config's own variables, checked and filled in when it is loaded.

A value may refer to other variables, unless it comes back to itself, and to facts, which are filled in when the
config is planned. A value goes into a text as it is: what it holds is never read as a variable a second time, and
no variable can come about from parts of several texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from provision.findings import Place, Problem, did_you_mean, error
from provision.variables import VARIABLE as FACT
from provision.variables import mentions, strings, with_strings

if TYPE_CHECKING:
    from provision.document import Document

VARIABLE = re.compile(r"(?P<escape>\$?)\$\{vars\.(?:(?P<name>[^{}\s]*)\})?")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

MAX_INSERTED = 1024 * 1024  # characters in all: a config of variables of variables must not fill the memory
MAX_LOOPS = 10  # loops reported in one run: each costs a search through all variables

Variables = Mapping[str, str | int | bool]


class Filled(Struct, frozen=True):
    """A document whose variables are values; `vars` is used up. `moves_lines`: a value had several lines."""

    document: Document
    problems: tuple[Problem, ...]
    moves_lines: bool = False


def fill(document: Document) -> Filled:
    """What cannot be filled in is a problem, and stays as it is."""
    if not document.vars and not mentions(document, "${vars."):
        return Filled(document, ())
    problems = list(_check_uses(document, document.vars))
    values, own_problems = _resolved(document.vars)
    problems += own_problems
    bare = structs.replace(document, vars={})
    inserted = 0

    def with_values(text: str, place: Place) -> str:
        nonlocal inserted
        if "${vars." not in text or inserted > MAX_INSERTED:
            return text
        inserted += _inserted(text, values)
        if inserted > MAX_INSERTED:
            problems.append(_too_large(place))
            return text
        whole = _filled(text, values)
        if whole is None:
            problems.append(_joined(place))
        return text if whole is None else whole

    whole = with_strings(bare, with_values, ())
    return Filled(whole, tuple(problems), any("\n" in value for value in values.values()))


def _too_large(place: Place) -> Problem:
    message = f"variables make more than {MAX_INSERTED} characters"
    return error("variable-too-large", place, message, "put large content behind files[].source")


def _joined(place: Place) -> Problem:
    message = "a ${facts. comes together from a variable and the text around it"
    return error("variable-joined", place, message, "write the whole ${facts.NAME} in one place")


def _check_uses(document: Document, own: Variables) -> Iterator[Problem]:
    for name in own:
        if not NAME.fullmatch(name):
            hint = "a letter or _ first, then letters, digits, _ and -"
            problem = error("variable-name", ("vars", name), f"{name!r} cannot name a variable", hint)
            yield structs.replace(problem, at_key=True)
    for place, text in strings(document, ()):
        for match in VARIABLE.finditer(text) if "${vars." in text else ():
            for problem in _check_match(match, own, place):
                yield structs.replace(problem, text_line=text.count("\n", 0, match.start()))


def _check_match(match: re.Match[str], own: Variables, place: Place) -> Iterator[Problem]:
    name = match["name"]
    if match["escape"]:
        return
    if name is None:
        hint = "write ${vars.NAME}, or $${vars. for these very characters"
        yield error("variable-syntax", place, "'${vars.' without a name and '}'", hint)
    elif name not in own:
        hint = did_you_mean(name, own) or "add it to vars"
        yield error("unknown-variable", place, f"there is no variable {name!r}", hint)


def _resolved(own: Variables) -> tuple[dict[str, str], list[Problem]]:
    """Every variable's text with the variables in it filled in, except those of a loop."""
    values = {name: _text(value) for name, value in own.items()}
    needs = {name: _names(text, values) for name, text in values.items() if "${vars." in text}
    if not needs:
        return values, []
    from graphlib import CycleError, TopologicalSorter

    problems: list[Problem] = []
    while len(problems) < MAX_LOOPS:
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as loop:
            names = loop.args[1]
            problems.append(_loop(names))
            for name in names[1:]:
                needs.pop(name, None)
                values.pop(name, None)
            needs = {name: wanted & values.keys() for name, wanted in needs.items()}
            continue
        return values, problems + _fill_in_order(order, values)
    return {}, problems


def _fill_in_order(order: list[str], values: dict[str, str]) -> list[Problem]:
    inserted = 0
    for name in order:
        text = values[name]
        if "${vars." not in text:
            continue
        inserted += _inserted(text, values)
        if inserted > MAX_INSERTED:
            values.clear()
            return [_too_large(("vars", name))]
        whole = _filled(text, values)
        if whole is None:
            return [_joined(("vars", name))]
        values[name] = whole
    return []


def _loop(names: list[str]) -> Problem:
    chain = " → ".join(names)
    return error("variable-loop", ("vars", names[0]), f"the variable refers to itself: {chain}")


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _names(text: str, values: Mapping[str, str]) -> set[str]:
    found = {match["name"] for match in VARIABLE.finditer(text) if not match["escape"]}
    return found & values.keys()


def _inserted(text: str, values: Mapping[str, str]) -> int:
    matches = (match for match in VARIABLE.finditer(text) if not match["escape"])
    return sum(len(values.get(match["name"], "")) for match in matches)


def _filled(text: str, values: Mapping[str, str]) -> str | None:
    """None when parts that are no fact become one where they meet."""
    parts: list[str] = []
    end = 0
    for match in VARIABLE.finditer(text):
        parts += [text[end : match.start()], _value(match, values)]
        end = match.end()
    parts.append(text[end:])
    whole = "".join(parts)
    apart = [found[0] for part in parts for found in FACT.finditer(part)]
    return whole if apart == [found[0] for found in FACT.finditer(whole)] else None


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    if match["escape"]:
        return match[0][1:]
    return values.get(match["name"], match[0])
