"""Which machine is this, and what shall it be: labels in, selection or reason out."""

from __future__ import annotations

from dataclasses import dataclass

from pxeserver.inventory.model import Group, Index, Labels, Machine, Profile


@dataclass(frozen=True, slots=True)
class Selection:
    """`machine` is None for one without a file of its own that a group's selector takes in."""

    machine: Machine | None
    group: Group
    profile: Profile


@dataclass(frozen=True, slots=True)
class NoMatch:
    reason: str


@dataclass(frozen=True, slots=True)
class Tie:
    """Several groups are equally specific; the operator must decide."""

    files: tuple[str, ...]

    @property
    def reason(self) -> str:
        return f"equally specific groups match: {', '.join(self.files)}; make one selector more specific"


def select(index: Index, labels: Labels) -> Selection | NoMatch | Tie:
    """The group a machine's own file names, else the one group whose selector says most about the machine."""
    machine = index.by_mac.get(labels.mac)
    if machine is not None and machine.group is not None:
        return _selection(index, machine, index.groups[machine.group])
    groups = _most_specific(index, _values(machine, labels))
    if not groups:
        return NoMatch(f"no group matches {labels.mac}: {_what_is_missing(index, machine)}")
    if len(groups) > 1:
        return Tie(tuple(sorted(group.file for group in groups)))
    return _selection(index, machine, groups[0])


def _selection(index: Index, machine: Machine | None, group: Group) -> Selection:
    return Selection(machine, group, index.profiles[group.profile])


def _values(machine: Machine | None, labels: Labels) -> dict[str, str]:
    return {
        "arch": labels.arch,
        "hostname": machine.hostname if machine else "",
        "mac": labels.mac,
        "serial": labels.serial,
        "uuid": labels.uuid.lower(),
    }


def _most_specific(index: Index, values: dict[str, str]) -> tuple[Group, ...]:
    """The groups that ask for the most labels, all of which the machine has."""
    best: tuple[Group, ...] = ()
    best_count = -1
    for labels, groups_by_value in index.by_selector.items():
        groups = groups_by_value.get(tuple(values[label] for label in labels), ())
        if groups and len(labels) > best_count:
            best, best_count = groups, len(labels)
        elif groups and len(labels) == best_count:
            best = (*best, *groups)
    return best


def _what_is_missing(index: Index, machine: Machine | None) -> str:
    if not index.groups:
        return "the inventory has no groups"
    if machine is None:
        return "add a file with this mac to machines/, or a group with a selector for it"
    return f"name a group in {machine.file}, or add a group with a selector for it"
