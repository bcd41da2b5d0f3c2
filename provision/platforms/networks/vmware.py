"""CoreOS's guestinfo variables of the network: interfaces, addresses and routes by number, until one is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from provision.platforms.networks.addresses import destination, gateways, is_default

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network

Get = Callable[[str], str]
"""The variable's value without `guestinfo.` before its name; empty when it is not set."""
MAX_NUMBER = 64


def network(get: Get) -> Network | None:
    from provision.sections.network.types import Network

    servers = tuple(_numbered(get, "dns.server.{}"))
    domains = tuple(_numbered(get, "dns.domain.{}"))
    interfaces = []
    for number in range(MAX_NUMBER):
        made = _interface(get, number, servers, domains)
        if made is None:
            break
        interfaces.append(made)
    return Network(interfaces=tuple(interfaces)) if interfaces else None


def _interface(get: Get, number: int, servers: tuple[str, ...], domains: tuple[str, ...]) -> Interface | None:
    from provision.sections.network.types import Interface, Match, Route

    prefix = f"interface.{number}"
    name, mac = get(f"{prefix}.name"), get(f"{prefix}.mac").lower()
    if not (name or mac):
        return None
    ways = [
        (destination(network), get(f"{prefix}.route.{index}.gateway"))
        for index, network in enumerate(_numbered(get, f"{prefix}.route.{{}}.destination"))
    ]
    gateway, gateway6 = gateways([way for network, way in ways if is_default(network) and way])
    return Interface(
        name=f"nic{number}",
        match=Match(mac=mac or None, name=None if mac else name),
        dhcp=True if get(f"{prefix}.dhcp") == "yes" else None,
        addresses=tuple(_numbered(get, f"{prefix}.ip.{{}}.address")),
        gateway=gateway,
        gateway6=gateway6,
        routes=tuple(
            Route(destination=network, gateway=way)
            for network, way in ways
            if way and not is_default(network)
        ),
        dns=servers,
        domains=domains,
    )


def _numbered(get: Get, pattern: str) -> Iterator[str]:
    for number in range(MAX_NUMBER):
        value = get(pattern.format(number))
        if not value:
            return
        yield value
