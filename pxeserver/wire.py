"""What all protocols on the wire share: the error for senseless bytes, and a peer's address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address


class WireError(Exception):
    """Bytes that are not what their protocol says; the message names the field and what is wrong with it."""


@dataclass(frozen=True)
class Endpoint:
    address: IPv4Address
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"
