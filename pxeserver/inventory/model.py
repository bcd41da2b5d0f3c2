"""The inventory as frozen data: profiles, groups, machines, config templates, and the index of them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address

from pxeserver.boot.policy import BootMode

_SEPARATED = re.compile(r"[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}")
_DIGITS = re.compile(r"[0-9a-f]{12}|[0-9a-f]{4}(\.[0-9a-f]{4}){2}")


def normal_mac(text: str) -> str | None:
    """A MAC address in lower case with colons, from any usual spelling; None when it is none."""
    plain = text.strip().lower()
    if _SEPARATED.fullmatch(plain):
        return ":".join(part.zfill(2) for part in re.split("[:-]", plain))
    if _DIGITS.fullmatch(plain):
        digits = plain.replace(".", "")
        return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    return None


@dataclass(frozen=True, slots=True)
class ConfigTemplate:
    """A file in `configs/`: its path as the operator knows it, and its text."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What is booted. `config`, `vendor_data` and `network_config` are keys of `Index.configs`; `loader`: a kind, a
    file, a URL, or None for the server's; `lines` is where each key of `file` is."""

    name: str
    file: str
    image: str
    config: str | None = None
    kernel_args: tuple[str, ...] = ()
    vendor_data: str | None = None
    network_config: str | None = None
    metadata: bool = False
    vars: Mapping[str, object] = field(default_factory=dict)
    loader: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Machines that belong together. `selector`: sorted (label, value) pairs in normal spelling; empty selects
    every machine, or with `known_only` every machine that has a file."""

    name: str
    file: str
    profile: str
    selector: tuple[tuple[str, str], ...] = ()
    known_only: bool = False
    etcd_size: int | None = None
    vars: Mapping[str, object] = field(default_factory=dict)
    boot: BootMode | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


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
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a machine says about itself when it asks for a boot script, and the IP address that it asks from.
    `others`: asset, hostname, platform, and whatever labels the operator's own script sends."""

    mac: str
    uuid: str = ""
    serial: str = ""
    arch: str = ""
    address: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


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
