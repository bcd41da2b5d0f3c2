"""A place to get the config from, and whom to tell how it went."""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True):
    """`machine` is the boot interface's MAC address. `token` proves to the server which boot this is: a secret."""

    platform: str
    machine: str
    config_url: str
    report_url: str | None
    token: str | None

    def __repr__(self) -> str:
        return f"Source({self.platform}, {self.machine}, {self.config_url})"
