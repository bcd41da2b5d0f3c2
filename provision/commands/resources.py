"""What `provision status` says about each resource, as data for programs and as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import NODEFAULT, Struct, structs

from provision.actions import (
    Action,
    AppendText,
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureDirectory,
    EnsureGroup,
    EnsureKernelArguments,
    EnsureLink,
    EnsureUser,
    MaskUnit,
    Origin,
    RemoveGroup,
    RemovePath,
    RemoveUser,
    WriteFile,
)
from provision.execute.difference import NOT_KNOWN
from provision.execute.drift import Actual, State
from provision.execute.journal import StepRecord
from provision.execute.wanted import KEYED, SEALED, Wanted
from provision.plan.describe import describe
from provision.plan.render import paint

KINDS: Mapping[type, str] = {
    AppendText: "text",
    EnableUnit: "enabled",
    EnsureAuthorizedKeys: "keys",
    EnsureBlock: "block",
    EnsureDirectory: "directory",
    EnsureGroup: "group",
    EnsureKernelArguments: "arguments",
    EnsureLink: "link",
    EnsureUser: "user",
    MaskUnit: "masked",
    RemoveGroup: "group",
    RemovePath: "path",
    RemoveUser: "user",
    WriteFile: "file",
}
REMOVALS = (RemoveGroup, RemovePath, RemoveUser)
# What names the resource, and what only says how it is shown.
NAMES = frozenset({"name", "path", "secret"})
SIGNS = {State.MISSING: "+", State.DIFFERS: "~", State.UNKNOWN: "?", State.OK: " "}
DIGEST_DIGITS = 12  # enough to compare by eye; JSON has them all


class Resource(Struct, frozen=True):
    """One thing that the config asks for. `path` is the config path, `origin` the line behind it."""

    name: str
    kind: str
    wanted: Mapping[str, Any]
    actual: Actual
    path: str
    origin: Origin | None
    last: StepRecord | None


def resources(
    wanted: Sequence[Wanted], actual: Sequence[Actual], steps: Iterable[StepRecord]
) -> tuple[Resource, ...]:
    """`steps`: all that the journal has, the oldest first."""
    last = {step.action: step for step in steps}
    return tuple(
        Resource(
            describe(one.step.action),
            KINDS[type(one.step.action)],
            wanted_fields(one),
            found,
            one.origin.path if one.origin is not None and one.origin.path is not None else one.step.because,
            one.origin,
            last.get(describe(one.step.action)),
        )
        for one, found in zip(wanted, actual, strict=True)
    )


def wanted_fields(wanted: Wanted) -> dict[str, Any]:
    """What the config or its defaults say of the resource, by the names of the action's fields. Nothing secret."""
    action = wanted.step.action
    if isinstance(action, REMOVALS):
        return {"absent": True}
    found: dict[str, Any] = {}
    for field in structs.fields(action):
        value = getattr(action, field.name)
        is_usual = isinstance(value, bool) and field.default is not NODEFAULT and value == field.default
        if field.name in NAMES or field.name in SEALED.get(type(action), {}) or is_usual:
            continue
        if value is not None and value != ():
            found[field.name] = f"{value:04o}" if field.name == "mode" else value
    return found | _sealed_fields(action, wanted)


def as_data(resource: Resource) -> dict[str, object]:
    last, origin = resource.last, resource.origin
    return {
        "resource": resource.name,
        "kind": resource.kind,
        "state": str(resource.actual.state),
        "wanted": resource.wanted,
        "actual": actual_text(resource.actual),
        "last_change": last.time if last else None,
        "result": last.result if last else None,
        "file": origin.file if origin else None,
        "line": origin.line if origin else None,
        "path": resource.path,
    }


def as_lines(found: Sequence[Resource], *, everything: bool, coloured: bool) -> list[str]:
    """Those that are not as wanted first, then how many are."""
    order = [State.MISSING, State.DIFFERS, State.UNKNOWN, State.OK]
    shown = [one for one in found if everything or one.actual.state is not State.OK]
    shown.sort(key=lambda one: order.index(one.actual.state))
    lines = [line for one in shown for line in (*_lines(one, coloured=coloured), "")]
    return [*lines, _sums(found, everything=everything)]


def actual_text(actual: Actual) -> str:
    """In one line: `as wanted`, `missing`, or what differs."""
    if actual.state is State.OK:
        return "as wanted"
    if actual.state is State.MISSING:
        return "missing"
    have = [line[1:] for line in actual.lines if line.startswith("-")]
    said = {_field(line) for line in have}
    # What is wanted stands beside it; here it only says what is lacking.
    wanted = [line[1:] for line in actual.lines if line.startswith("+")]
    lacking = [f"not {line}" for line in wanted if _field(line) not in said]
    words = [line.removeprefix(NOT_KNOWN) for line in actual.lines if line[:1] not in ("-", "+")]
    return ", ".join([*have, *lacking, *words]) or "still there"


def _field(line: str) -> str:
    """`mode` of `mode 0644`."""
    return line.partition(" ")[0]


def _sealed_fields(action: Action, wanted: Wanted) -> dict[str, Any]:
    names = [*SEALED.get(type(action), {})][:1]  # what else is sealed is part of the same digest
    if not wanted.seals:
        return {}
    first = wanted.seals[0][0] if wanted.seals[0] else KEYED
    return dict.fromkeys(names, "<secret>" if first.startswith(KEYED) else first)


def _lines(resource: Resource, *, coloured: bool) -> list[str]:
    sign = SIGNS[resource.actual.state]
    origin, last = resource.origin, resource.last
    place = f"{origin.file}:{origin.line}, {resource.path}" if origin else resource.path
    lines = [
        f"{paint(f'{sign} {resource.name}', sign, coloured=coloured)}  ({place})",
        f"    wanted  {_wanted_text(resource.wanted)}",
        f"    actual  {_actual_words(resource.actual)}",
    ]
    return [*lines, f"    last    {last.result} {last.time}"] if last else lines


def _actual_words(actual: Actual) -> str:
    text = actual_text(actual)
    return f"not known: {text}" if actual.state is State.UNKNOWN else text


def _wanted_text(wanted: Mapping[str, Any]) -> str:
    return ", ".join(_field_text(name, value) for name, value in wanted.items()) or "present"


def _field_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, tuple):
        return f"{name} {' '.join(map(str, value))}"
    algorithm, _, digest = str(value).partition(":")
    if name in ("content", "texts") and digest:
        return f"{name} {algorithm} {digest[:DIGEST_DIGITS]}"
    return f"{name} {value}"


def _sums(found: Sequence[Resource], *, everything: bool) -> str:
    as_wanted = sum(one.actual.state is State.OK for one in found)
    hint = " (--all lists them)" if as_wanted and not everything else ""
    return f"{as_wanted} of {len(found)} resources are as wanted{hint}"
