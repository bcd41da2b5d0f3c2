"""Addresses and routes in the shapes in which descriptions of networks have them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from provision.errors import SourceError

IPV4_DEFAULT = "0.0.0.0/0"
IPV6_DEFAULT = "::/0"


def with_prefix(address: str, netmask: str | int | None) -> str:
    """`10.0.0.5` and `255.255.255.0`, `24` or nothing: as `10.0.0.5/24`. A prefix of its own wins."""
    if "/" in address:
        return _valid(address)
    alone = 128 if ":" in address else 32
    return _valid(f"{address}/{prefix_length(netmask) if netmask not in (None, '') else alone}")


def prefix_length(netmask: str | int | None) -> int:
    """Of `24`, `255.255.255.0` or `ffff:ffff::`."""
    text = str(netmask)
    if text.isdecimal():
        return int(text)
    try:
        return int(ipaddress.ip_address(text)).bit_count()
    except ValueError as problem:
        raise SourceError(f"{text!r} is no netmask") from problem


def destination(network: str, netmask: str | int | None = None) -> str:
    """The network of a route, with its prefix; `default` is that of IPv4."""
    if network == "default":
        return IPV4_DEFAULT
    if netmask in (None, "") and network in ("0.0.0.0", "::"):  # noqa: S104 - a network, not an address to listen on
        return f"{network}/0"
    try:
        return str(ipaddress.ip_network(with_prefix(network, netmask), strict=False))
    except ValueError as problem:
        raise SourceError(f"{network!r} is no network") from problem


def is_default(route: str) -> bool:
    return route in (IPV4_DEFAULT, IPV6_DEFAULT)


def gateways(given: Sequence[str]) -> tuple[str | None, str | None]:
    """The section's `gateway` and `gateway6`: the second is for IPv6 beside IPv4 only."""
    ipv4 = next((address for address in given if ":" not in address), None)
    ipv6 = next((address for address in given if ":" in address), None)
    return (ipv4, ipv6) if ipv4 else (ipv6, None)


def _valid(text: str) -> str:
    try:
        return ipaddress.ip_interface(text).with_prefixlen
    except ValueError as problem:
        raise SourceError(f"{text!r} is no address") from problem
