"""Why a machine is in its group, and why in none of the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pxeserver.inventory.labels import SUBNET, said
from pxeserver.inventory.model import Group, Index, Labels
from pxeserver.inventory.select import Selection, Tie, select


@dataclass(frozen=True, slots=True)
class Verdict:
    """`file` and `key` say where the reason is written down."""

    group: str
    is_chosen: bool
    reason: str
    file: str
    key: str


def group_verdicts(index: Index, labels: Labels) -> tuple[Verdict, ...]:
    """One for each group, the chosen one first. `select` itself is asked, about every group by itself."""
    outcome = select(index, labels)
    chosen = outcome.group if isinstance(outcome, Selection) else None
    verdicts = (_verdict(index, labels, group, chosen, outcome) for group in index.groups.values())
    return tuple(sorted(verdicts, key=lambda verdict: (not verdict.is_chosen, verdict.group)))


def _verdict(index: Index, labels: Labels, group: Group, chosen: Group | None, outcome: object) -> Verdict:
    machine = index.by_mac.get(labels.mac)
    if machine is not None and machine.group is not None:
        is_chosen = machine.group == group.name
        reason = f"{machine.file} names {'it' if is_chosen else machine.group}"
        return Verdict(group.name, is_chosen, reason, machine.file, "group")
    missing = _what_differs(index, labels, group)
    if missing is not None:
        return Verdict(group.name, False, missing, group.file, "selector")
    if chosen is group:
        reason = f"{_what_matches(group)}; no other group that matches asks for more"
        return Verdict(group.name, True, reason, group.file, "selector")
    if chosen is not None:
        reason = f"it matches as well, but {chosen.name} asks for more: {_what_matches(chosen)}"
        return Verdict(group.name, False, reason, group.file, "selector")
    reason = outcome.reason if isinstance(outcome, Tie) else "it matches"
    return Verdict(group.name, False, reason, group.file, "selector")


def _what_matches(group: Group) -> str:
    if not group.selector:
        return "it has no selector and takes every machine"
    return ", ".join(f"{label} is {value}" for label, value in group.selector)


def _what_differs(index: Index, labels: Labels, group: Group) -> str | None:
    """The first label that the machine does not have as the selector asks; None when there is none."""
    for label, value in group.selector:
        alone = replace(index, groups={group.name: replace(group, selector=((label, value),))})
        if not isinstance(select(alone, labels), Selection):
            return f"it asks for {label} {value}; the machine has {_value(index, labels, label) or 'none'}"
    return None


def _value(index: Index, labels: Labels, label: str) -> str:
    if label.startswith(SUBNET):
        return labels.address
    return said(labels, index.by_mac.get(labels.mac)).get(label, "")
