"""Puts the parts of an inventory together: everything unique, every reference leading somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from provision.findings import Finding, did_you_mean
from pxeserver.boot.loaders.ipxe import ScriptError, check_argument
from pxeserver.inventory.model import ConfigTemplate, Group, Index, Machine, Profile
from pxeserver.inventory.yamlfile import Table

Item = TypeVar("Item", Profile, Group, Machine)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Item]):
    """One file's item, the table it was read from, and the list that `table` reports into."""

    item: Item
    table: Table
    findings: list[Finding]


def assemble(
    profiles: Sequence[Entry[Profile]],
    groups: Sequence[Entry[Group]],
    machines: Sequence[Entry[Machine]],
    configs: Mapping[str, ConfigTemplate],
) -> Index:
    """The index; problems between the files are reported into the entries."""
    index = Index(
        profiles={entry.item.name: entry.item for entry in profiles},
        groups={entry.item.name: entry.item for entry in groups},
        machines={entry.item.name: entry.item for entry in machines},
        configs=configs,
    )
    for profile in profiles:
        _check_reference(profile.table, "config", profile.item.config, index.configs, "configs/")
        _check_kernel_args(profile)
    for group in groups:
        _check_reference(group.table, "profile", group.item.profile, index.profiles, "profiles/")
    for machine in machines:
        _check_reference(machine.table, "group", machine.item.group, index.groups, "groups/")
    _check_unique(machines, "mac", lambda machine: machine.mac)
    _check_unique(machines, "address", lambda machine: str(machine.address or ""))
    _check_unique(machines, "hostname", lambda machine: machine.hostname)
    return index


def _check_reference(
    table: Table, key: str, name: str | None, known: Mapping[str, object], where: str
) -> None:
    if name and name not in known:
        hint = did_you_mean(name, known) or f"known: {', '.join(sorted(known)) or 'none'}"
        table.report("unknown-reference", key, f"there is no {name!r} in {where}", hint=hint)


def _check_kernel_args(profile: Entry[Profile]) -> None:
    for argument in profile.item.kernel_args:
        try:
            check_argument(argument)
        except ScriptError as problem:
            profile.table.report("wrong-value", "kernel_args", str(problem))


def _check_unique(machines: Sequence[Entry[Machine]], key: str, value_of: Callable[[Machine], str]) -> None:
    first: dict[str, str] = {}
    for entry in machines:
        value = value_of(entry.item)
        if not value:
            continue
        if value in first:
            entry.table.report("duplicate-value", key, f"{key} {value} is also that of {first[value]}")
        first.setdefault(value, entry.item.file)
