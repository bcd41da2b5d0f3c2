"""EC2's tree of interfaces: DHCP gives each its first address; the others, and ways back, are static."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network


FIRST_TABLE = 100
METRIC_STEP = 100  # so that the first interface's default route wins


class Nic(Struct, frozen=True):
    """One interface as the metadata service lists it, every item a list of words."""

    mac: str
    device_number: tuple[str, ...] = ()
    ipv4: tuple[str, ...] = ()
    ipv4_network: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        return int(self.device_number[0]) if self.device_number and self.device_number[0].isdecimal() else 0


def network(nics: tuple[Nic, ...]) -> Network | None:
    from provision.sections.network.types import Network

    if not nics:
        return None
    ordered = sorted(nics, key=lambda nic: (nic.number, nic.mac))
    return Network(interfaces=tuple(_interface(nic, order) for order, nic in enumerate(ordered)))


def _interface(nic: Nic, order: int) -> Interface:
    """From the second on packets must leave by the interface they belong to: EC2 drops those of others."""
    from provision.sections.network.types import DhcpV4, Interface, Match, Route, RoutingRule

    subnet = ipaddress.ip_network(nic.ipv4_network[0]) if nic.ipv4_network else None
    prefix = subnet.prefixlen if subnet else 32
    table = FIRST_TABLE + order
    is_extra = order > 0 and subnet is not None and bool(nic.ipv4)
    gateway = str(subnet[1]) if subnet is not None else None  # EC2: the subnet's first address is its router
    return Interface(
        name=f"nic{order}",
        match=Match(mac=nic.mac.lower()),
        dhcp=True if nic.ipv6 else "ipv4",
        dhcp4=DhcpV4(route_metric=METRIC_STEP * (order + 1)),
        addresses=tuple(f"{address}/{prefix}" for address in nic.ipv4[1:]),
        routes=(Route(destination="0.0.0.0/0", gateway=gateway, table=table),) if is_extra else (),
        rules=tuple(RoutingRule(source=f"{address}/32", table=table) for address in nic.ipv4)
        if is_extra
        else (),
    )
