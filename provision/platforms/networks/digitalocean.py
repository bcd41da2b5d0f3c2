"""DigitalOcean's tree of interfaces: all static, nothing there answers DHCP for a droplet's own addresses."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network


class IPv4(Struct, frozen=True):
    ip_address: str
    netmask: str
    gateway: str | None = None


class IPv6(Struct, frozen=True):
    ip_address: str
    cidr: int
    gateway: str | None = None


class Nic(Struct, frozen=True):
    mac: str
    ipv4: IPv4 | None = None
    ipv6: IPv6 | None = None
    anchor_ipv4: IPv4 | None = None


class Nics(Struct, frozen=True):
    public: tuple[Nic, ...] = ()
    private: tuple[Nic, ...] = ()


class Dns(Struct, frozen=True):
    nameservers: tuple[str, ...] = ()


def network(nics: Nics, dns: Dns) -> Network | None:
    from provision.sections.network.types import Network

    public = [
        _interface(nic, f"public{order}", dns, has_gateway=order == 0)
        for order, nic in enumerate(nics.public)
    ]
    private = [
        _interface(nic, f"private{order}", Dns(), has_gateway=False) for order, nic in enumerate(nics.private)
    ]
    return Network(interfaces=(*public, *private)) if public or private else None


def _interface(nic: Nic, name: str, dns: Dns, *, has_gateway: bool) -> Interface:
    from provision.sections.network.types import Interface, Match

    addresses = [_address(part) for part in (nic.ipv4, nic.anchor_ipv4) if part]
    if nic.ipv6:
        addresses.append(f"{nic.ipv6.ip_address}/{nic.ipv6.cidr}")
    return Interface(
        name=name,
        match=Match(mac=nic.mac.lower()),
        addresses=tuple(addresses),
        gateway=nic.ipv4.gateway if nic.ipv4 and has_gateway else None,
        gateway6=nic.ipv6.gateway if nic.ipv6 and has_gateway else None,
        dns=dns.nameservers,
    )


def _address(part: IPv4) -> str:
    return f"{part.ip_address}/{ipaddress.ip_network(f'0.0.0.0/{part.netmask}').prefixlen}"
