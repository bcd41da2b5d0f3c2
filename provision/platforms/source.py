"""A place to get the config from, and whom to tell how it went."""

from __future__ import annotations

from msgspec import Struct

from provision.urls import shown_url


class Source(Struct, frozen=True):
    """`machine` is the boot interface's MAC address. `token` proves to the server which boot this is: a secret."""

    platform: str
    machine: str
    config_url: str
    report_url: str | None
    token: str | None

    def __repr__(self) -> str:
        return f"Source({self.platform}, {self.machine}, {shown_url(self.config_url)})"
