"""Which of DHCP's two protocols an interface is to use, put together from several statements."""

from __future__ import annotations

from typing import Literal

Dhcp = bool | Literal["ipv4", "ipv6"] | None


def dhcp(ipv4: bool, ipv6: bool) -> Dhcp:
    if ipv4 and ipv6:
        return True
    if ipv4:
        return "ipv4"
    return "ipv6" if ipv6 else None
