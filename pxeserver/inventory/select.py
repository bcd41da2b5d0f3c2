"""Which machine is this, and what shall it be: labels in, selection or reason out."""

from __future__ import annotations

from dataclasses import dataclass

from pxeserver.inventory.labels import SUBNET, network_of, said
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
    groups = _most_specific(index, labels, machine)
    if not groups:
        return NoMatch(f"no group matches {labels.mac}: {_what_is_missing(index, machine)}")
    if len(groups) > 1:
        return Tie(tuple(sorted(group.file for group in groups)))
    return _selection(index, machine, groups[0])


def _selection(index: Index, machine: Machine | None, group: Group) -> Selection:
    return Selection(machine, group, index.profiles[group.profile])


def _most_specific(index: Index, labels: Labels, machine: Machine | None) -> tuple[Group, ...]:
    """The groups that ask for the most labels, all of which the machine has."""
    values = said(labels, machine)
    found: list[Group] = []
    for names, groups_by_value in index.by_selector.items():
        wanted = tuple(
            network_of(labels.address, name) if name.startswith(SUBNET) else values.get(name, "")
            for name in names
        )
        found += groups_by_value.get(wanted, ())
    matching = [group for group in found if machine is not None or not group.known_only]
    best = max(map(_specificity, matching), default=None)
    return _in_smallest_network([group for group in matching if _specificity(group) == best])


def _specificity(group: Group) -> tuple[int, bool]:
    return len(group.selector), group.known_only


def _in_smallest_network(groups: list[Group]) -> tuple[Group, ...]:
    """A network inside another is the more specific one, when the groups ask for the same apart from that."""
    prefixes = [_prefix_length(group) for group in groups]
    asked = {tuple(name.split("/")[0] for name, _ in group.selector) for group in groups}
    if len(asked) != 1 or None in prefixes:
        return tuple(groups)
    longest = max(prefix for prefix in prefixes if prefix is not None)
    return tuple(group for group, prefix in zip(groups, prefixes, strict=True) if prefix == longest)


def _prefix_length(group: Group) -> int | None:
    return next((int(name[len(SUBNET) :]) for name, _ in group.selector if name.startswith(SUBNET)), None)


def _what_is_missing(index: Index, machine: Machine | None) -> str:
    if not index.groups:
        return "the inventory has no groups"
    if machine is None:
        return "add a file with this mac to machines/, or a group with a selector for it"
    return f"name a group in {machine.file}, or add a group with a selector for it"
