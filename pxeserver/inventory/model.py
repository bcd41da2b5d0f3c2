"""The inventory as frozen data: profiles, groups, machines, config templates, and the index of them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address

from pxeserver.boot.policy import BootMode

_MAC = re.compile(r"([0-9a-f]{2})[:-]?" * 5 + r"([0-9a-f]{2})")

SELECTOR_LABELS = ("arch", "hostname", "mac", "serial", "uuid")


def normal_mac(text: str) -> str | None:
    """A MAC address in lower case with colons, from any usual spelling; None when it is none."""
    match = _MAC.fullmatch(text.strip().lower())
    return ":".join(match.groups()) if match else None


@dataclass(frozen=True, slots=True)
class ConfigTemplate:
    """A file in `configs/`: its path as the operator knows it, and its text."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What is booted. `config` is a key of `Index.configs`; `loader`: a kind, a file, a URL; None: the server's."""

    name: str
    file: str
    image: str
    config: str
    kernel_args: tuple[str, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)
    loader: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Machines that belong together. `selector`: sorted (label, value) pairs; empty selects every machine."""

    name: str
    file: str
    profile: str
    selector: tuple[tuple[str, str], ...] = ()
    etcd_size: int | None = None
    vars: Mapping[str, object] = field(default_factory=dict)
    boot: BootMode | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine the operator knows. `group` given by name wins over all selectors."""

    name: str
    file: str
    mac: str
    hostname: str
    address: IPv4Address | None = None
    group: str | None = None
    vars: Mapping[str, object] = field(default_factory=dict)
    boot: BootMode | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """What a machine says about itself when it asks for a boot script."""

    mac: str
    uuid: str = ""
    serial: str = ""
    arch: str = ""


@dataclass(frozen=True)
class Index:
    """The whole inventory, by name. Never changed: a new state of the files is a new index."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)
    configs: Mapping[str, ConfigTemplate] = field(default_factory=dict)

    @cached_property
    def by_mac(self) -> Mapping[str, Machine]:
        return {machine.mac: machine for machine in self.machines.values()}

    @cached_property
    def by_selector(self) -> Mapping[tuple[str, ...], Mapping[tuple[str, ...], tuple[Group, ...]]]:
        """Groups by the labels they ask for, then by the values: finding one is a few look-ups, however many
        groups there are."""
        found: dict[tuple[str, ...], dict[tuple[str, ...], tuple[Group, ...]]] = {}
        for group in self.groups.values():
            labels = tuple(label for label, _ in group.selector)
            values = tuple(value for _, value in group.selector)
            same_labels = found.setdefault(labels, {})
            same_labels[values] = (*same_labels.get(values, ()), group)
        return found
