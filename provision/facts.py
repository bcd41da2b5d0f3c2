"""What is known about the machine before planning. Plain data; `observe` is the only part that looks at the world."""

from __future__ import annotations

from msgspec import Struct


class Facts(Struct, frozen=True):
    """`None` means not known: a config that refers to such a fact gets a finding, never an empty string."""

    hostname: str | None = None
    machine: str | None = None  # MAC address of the boot interface, lower case with colons
    ipv4: str | None = None  # first global IPv4 address of the boot interface
    machine_id: str | None = None


FACT_NAMES = ("hostname", "ipv4", "machine", "machine_id")
