"""What is known about the machine before planning. Plain data; `observe` is the only part that looks at the world."""

from __future__ import annotations

from msgspec import Struct


class Facts(Struct, frozen=True):
    """`None` means not known: a config that refers to such a fact gets a finding, never an empty string."""

    hostname: str | None = None
    machine: str | None = None  # MAC address of the boot interface, lower case with colons
    ipv4: str | None = None  # first global IPv4 address of the boot interface
    machine_id: str | None = None
    platform: str | None = None  # these and the following: from the cloud, drive or hypervisor of the config
    instance_id: str | None = None
    private_ipv4: str | None = None
    public_ipv4: str | None = None
    region: str | None = None
    zone: str | None = None


FACT_NAMES = (
    "hostname",
    "instance_id",
    "ipv4",
    "machine",
    "machine_id",
    "platform",
    "private_ipv4",
    "public_ipv4",
    "region",
    "zone",
)
