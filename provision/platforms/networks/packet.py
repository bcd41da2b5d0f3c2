"""Packet's network: every card in one bond, on which the machine's addresses are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from provision.sections.network.types import Network


MODES: dict[int, Literal["balance-rr", "active-backup", "802.3ad", "balance-tlb"]] = {
    0: "balance-rr",
    1: "active-backup",
    4: "802.3ad",
    5: "balance-tlb",
}
PRIVATE = "10.0.0.0/8"


class Bonding(Struct, frozen=True):
    mode: int = 4


class Nic(Struct, frozen=True):
    name: str
    mac: str


class Address(Struct, frozen=True):
    address: str
    cidr: int
    gateway: str
    public: bool
    address_family: int


class Net(Struct, frozen=True):
    bonding: Bonding = Bonding()
    interfaces: tuple[Nic, ...] = ()
    addresses: tuple[Address, ...] = ()


def network(net: Net) -> Network | None:
    from provision.sections.network.devices import Bond
    from provision.sections.network.types import Interface, Match, Network, Route

    if not net.interfaces:
        return None
    members = tuple(Interface(name=nic.name, match=Match(mac=nic.mac.lower())) for nic in net.interfaces)
    ipv4 = [a for a in net.addresses if a.address_family == 4]
    outward = next((a for a in ipv4 if a.public), next(iter(ipv4), None))
    gateway6 = next((a.gateway for a in net.addresses if a.address_family == 6), None)
    inward = [a for a in ipv4 if not a.public and a is not outward]
    bond = Interface(
        name="bond0",
        bond=Bond(
            members=tuple(nic.name for nic in net.interfaces), mode=MODES.get(net.bonding.mode, "802.3ad")
        ),
        mac=net.interfaces[0].mac.lower(),
        addresses=tuple(f"{a.address}/{a.cidr}" for a in net.addresses),
        gateway=outward.gateway if outward else None,
        gateway6=gateway6,
        routes=tuple(Route(destination=PRIVATE, gateway=a.gateway) for a in inward[:1]),
    )
    return Network(interfaces=(*members, bond))
