"""Puts the parts of an inventory together: everything unique, every reference leading somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Generic, TypeVar

from provision.findings import Place, Problem, did_you_mean, error
from pxeserver.inventory.model import ConfigTemplate, Group, Index, Machine, Profile
from pxeserver.inventory.reading import Written

Item = TypeVar("Item", Profile, Group, Machine)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Item]):
    """A file, the item that it is, and what is wrong with the values in it."""

    written: Written[Any]
    item: Item | None = None
    problems: tuple[Problem, ...] = ()


class _Problems:
    """What is wrong between the files, by the file that is to be changed."""

    def __init__(self) -> None:
        self.by_file: dict[str, list[Problem]] = {}

    def report(self, file: str, problem: Problem) -> None:
        self.by_file.setdefault(file, []).append(problem)


def assemble(
    profiles: Sequence[Entry[Profile]],
    groups: Sequence[Entry[Group]],
    machines: Sequence[Entry[Machine]],
    configs: Mapping[str, ConfigTemplate],
) -> tuple[Index, Mapping[str, Sequence[Problem]]]:
    """The index of the items there are, and the problems between the files, by file."""
    index = Index(_by_name(profiles), _by_name(groups), _by_name(machines), configs)
    # A file that is broken itself is there all the same: who refers to it is not wrong.
    known_profiles, known_groups = _names(profiles), _names(groups)
    problems = _Problems()
    for profile in index.profiles.values():
        for key in ("config", "vendor_data", "network_config"):
            _check_reference(problems, profile.file, (key,), getattr(profile, key), configs, "configs/")
    for group in index.groups.values():
        _check_reference(problems, group.file, ("profile",), group.profile, known_profiles, "profiles/")
    for machine in index.machines.values():
        _check_reference(problems, machine.file, ("group",), machine.group, known_groups, "groups/")
    _check_unique(problems, index.machines, "mac", lambda machine: machine.mac)
    _check_unique(problems, index.machines, "address", lambda machine: str(machine.address or ""))
    _check_unique(problems, index.machines, "hostname", lambda machine: machine.hostname)
    return index, problems.by_file


def _by_name(entries: Sequence[Entry[Item]]) -> dict[str, Item]:
    return {entry.item.name: entry.item for entry in entries if entry.item is not None}


def _names(entries: Sequence[Entry[Item]]) -> dict[str, None]:
    return dict.fromkeys(PurePath(entry.written.file).stem for entry in entries)


def _check_reference(
    problems: _Problems, file: str, place: Place, name: str | None, known: Mapping[str, object], where: str
) -> None:
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or f"known: {', '.join(sorted(known)) or 'none'}"
        problems.report(file, error("unknown-reference", place, f"there is no {name!r} in {where}", hint))


def _check_unique(
    problems: _Problems, machines: Mapping[str, Machine], key: str, value_of: Callable[[Machine], str]
) -> None:
    first: dict[str, str] = {}
    for machine in machines.values():
        value = value_of(machine)
        if not value:
            continue
        if value in first:
            message = f"{key} {value} is also that of {first[value]}"
            problems.report(machine.file, error("duplicate-value", (key,), message))
        first.setdefault(value, machine.file)
