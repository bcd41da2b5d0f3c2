"""OpenStack's network_data.json: links, the networks on them, and services such as DNS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field, structs

from provision.platforms.networks.addresses import destination, gateways, is_default, with_prefix
from provision.platforms.networks.dhcp import dhcp

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network, Route


class Service(Struct, frozen=True):
    type: str
    address: str = ""


class RouteEntry(Struct, frozen=True):
    network: str
    netmask: str | int | None = None
    gateway: str | None = None


class Link(Struct, frozen=True):
    id: str
    type: str
    ethernet_mac_address: str | None = None
    mtu: int | None = None
    bond_links: tuple[str, ...] = ()
    bond_mode: str | None = None
    bond_miimon: int | None = None
    bond_xmit_hash_policy: str | None = None
    vlan_link: str = ""
    vlan_id: int = 0


class Net(Struct, frozen=True):
    link: str
    type: str
    ip_address: str = ""
    netmask: str | int | None = None
    gateway: str | None = None
    routes: tuple[RouteEntry, ...] = ()
    services: tuple[Service, ...] = ()


class NetworkData(Struct, frozen=True):
    links: tuple[Link, ...] = ()
    networks: tuple[Net, ...] = ()
    services: tuple[Service, ...] = field(default=())


STATIC = ("ipv4", "ipv6")
DHCP6 = ("ipv6_dhcp", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless")
SLAAC = ("ipv6_slaac", "ipv6_dhcpv6-stateless")
KNOWN = (*STATIC, "ipv4_dhcp", *DHCP6, *SLAAC)


def network(data: NetworkData) -> tuple[Network | None, tuple[str, ...]]:
    """Link ids are UUIDs or names of tap devices on the host: entries get names of their own."""
    from provision.sections.network.types import Network

    names = {link.id: _name(link, order) for order, link in enumerate(data.links)}
    interfaces = tuple(_interface(link, names, data) for link in data.links)
    return (Network(interfaces=interfaces) if interfaces else None), tuple(_refusals(data))


def _refusals(data: NetworkData) -> Iterator[str]:
    for net in data.networks:
        if net.type not in KNOWN:
            yield f"network_data.json: networks of type {net.type!r} are not carried out"


def _name(link: Link, order: int) -> str:
    kinds = {"bond": "bond", "vlan": "vlan"}
    return f"{kinds.get(link.type, 'nic')}{order}"


def _interface(link: Link, names: dict[str, str], data: NetworkData) -> Interface:
    from provision.sections.network.types import Interface

    nets = [net for net in data.networks if net.link == link.id]
    types = {net.type for net in nets}
    routes = [_route(route) for net in nets for route in net.routes]
    ways_out = [net.gateway for net in nets if net.gateway]
    ways_out += [route.gateway for route in routes if is_default(route.destination) and route.gateway]
    gateway, gateway6 = gateways(ways_out)
    services = [service for net in nets for service in net.services] + list(data.services if nets else ())
    servers = dict.fromkeys(service.address for service in services if service.type == "dns")
    made = Interface(
        name=names[link.id],
        dhcp=dhcp("ipv4_dhcp" in types, bool(types & {*DHCP6})),
        accept_ra=True if types & {*SLAAC} else None,
        addresses=tuple(with_prefix(net.ip_address, net.netmask) for net in nets if net.type in STATIC),
        gateway=gateway,
        gateway6=gateway6,
        routes=tuple(route for route in routes if not is_default(route.destination)),
        dns=tuple(servers),
        mtu=link.mtu,
    )
    return _with_device(made, link, names)


def _with_device(made: Interface, link: Link, names: dict[str, str]) -> Interface:
    from provision.platforms.networks.bonds import bond
    from provision.sections.network.devices import Vlan
    from provision.sections.network.types import Match

    mac = link.ethernet_mac_address.lower() if link.ethernet_mac_address else None
    if link.type == "bond":
        said: dict[str, Any] = {
            "mode": link.bond_mode or "",
            "miimon": link.bond_miimon or "",
            "xmit-hash-policy": link.bond_xmit_hash_policy or "",
        }
        members = tuple(names.get(member, member) for member in link.bond_links)
        return structs.replace(made, bond=bond(members, said), mac=mac)
    if link.type == "vlan":
        parent = names.get(link.vlan_link, link.vlan_link)
        return structs.replace(made, vlan=Vlan(parent=parent, id=link.vlan_id))
    # phy, and the many names that hypervisors have for one end of a virtual cable
    return structs.replace(made, match=Match(mac=mac) if mac else Match(name="e*"))


def _route(route: RouteEntry) -> Route:
    from provision.sections.network.types import Route

    return Route(destination=destination(route.network, route.netmask), gateway=route.gateway)
