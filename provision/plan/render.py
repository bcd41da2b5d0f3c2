"""A plan's differences as text for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from provision.actions import Origin

SIGNS = {"create": "+", "change": "~", "remove": "-"}
COLOURS = {"+": "\033[32m", "~": "\033[33m", "-": "\033[31m", "!": "\033[31m"}  # green, yellow, red, red
# What became of a step; the rest is about what runs: a unit, the network, a setting.
RESULT_SIGNS = {"created": "+", "changed": "~", "removed": "-", "failed": "!"}
RUNNING_SIGN = "*"
RESET = "\033[0m"


class Difference(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def lines(self) -> tuple[str, ...]: ...


class Change(Protocol):
    @property
    def path(self) -> str | None: ...
    @property
    def difference(self) -> Difference: ...
    @property
    def origin(self) -> Origin | None: ...


class Effect(Protocol):
    """What becomes of something that runs."""

    @property
    def action(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def because(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...


def render_text(changes: Sequence[Change], effects: Sequence[Effect] = (), *, coloured: bool = False) -> str:
    """Each difference with its lines below it, then how many there are, and what that does to what runs."""
    blocks = ["".join(f"{line}\n" for line in _lines(change, coloured=coloured)) for change in changes]
    blocks.append(totals(changes, effects) + "\n")
    if effects:
        blocks.append("".join(f"{line}\n" for effect in effects for line in _effect_lines(effect)))
    return "\n".join(blocks)


def as_data(changes: Sequence[Change], effects: Sequence[Effect] | None = None) -> dict[str, Any]:
    """What `plan --format json` prints. Without effects: nothing that could be affected runs there."""
    counts = _counts(changes)
    return {
        "summary": {"create": counts["create"], "change": counts["change"], "remove": counts["remove"]},
        "changes": [
            {
                "path": change.path,
                "file": change.origin.file if change.origin else None,
                "line": change.origin.line if change.origin else None,
                "kind": str(change.difference.kind),
                "summary": change.difference.summary,
                "lines": list(change.difference.lines),
            }
            for change in changes
        ],
        "running": effects
        if effects is None
        else [
            {
                "path": effect.because,
                "action": effect.action,
                "summary": effect.summary,
                "note": effect.note,
            }
            for effect in effects
        ],
    }


def totals(changes: Iterable[Change], effects: Sequence[Effect] = ()) -> str:
    counts = _counts(changes)
    if not any(counts.values()):
        # Files that an earlier run changed, and did not live to put into effect.
        left = "nothing to change; what runs is not yet as asked for"
        return left if effects else "nothing to do: the machine is as asked for"
    return f"{counts['create']} to create, {counts['change']} to change, {counts['remove']} to remove"


def result_sign(result: str) -> str:
    return RESULT_SIGNS.get(result, RUNNING_SIGN)


def paint(text: str, sign: str, *, coloured: bool) -> str:
    return f"{COLOURS[sign]}{text}{RESET}" if coloured and sign in COLOURS else text


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    counts = dict.fromkeys(SIGNS, 0)
    for change in changes:
        counts[str(change.difference.kind)] += 1
    return counts


def _lines(change: Change, *, coloured: bool) -> list[str]:
    difference = change.difference
    sign = SIGNS[difference.kind]
    because = f"  ({change.path})" if change.path else "  (no longer asked for)"
    head = paint(f"{sign} {difference.summary}", sign, coloured=coloured) + because
    return [head, *(paint(f"    {line}", line[:1], coloured=coloured) for line in difference.lines)]


def _effect_lines(effect: Effect) -> list[str]:
    because = f"  ({effect.because})" if effect.because else ""
    head = f"{RUNNING_SIGN} {effect.action} {effect.summary}{because}"
    return [head, f"    {effect.note}"] if effect.note else [head]
