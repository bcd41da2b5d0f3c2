"""Version 1 of cloud-init's network configuration: a list of devices, each with subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, structs

from provision.platforms.metadata import converted
from provision.platforms.networks.addresses import destination, gateways, is_default, with_prefix
from provision.platforms.networks.bonds import bond
from provision.platforms.networks.dhcp import dhcp
from provision.sections.network.devices import Bridge, Vlan
from provision.sections.network.types import Interface, Match, Network, Route

Words = tuple[str, ...] | str | None


class RouteEntry(Struct, frozen=True):
    gateway: str = ""
    destination: str = ""
    network: str = ""
    netmask: str | int | None = None
    metric: int | None = None


class Subnet(Struct, frozen=True):
    type: str
    address: str = ""
    netmask: str | int | None = None
    gateway: str = ""
    dns_nameservers: Words = None
    dns_search: Words = None
    routes: tuple[RouteEntry, ...] | None = None


class Entry(Struct, frozen=True):
    """One of the list: a device, a name server or a route."""

    type: str
    name: str = ""
    mac_address: str | None = None
    mtu: int | None = None
    subnets: tuple[Subnet, ...] | None = None
    bond_interfaces: tuple[str, ...] = ()
    bridge_interfaces: tuple[str, ...] = ()
    params: Mapping[str, Any] | None = None
    vlan_link: str = ""
    vlan_id: int = 0
    address: Words = None
    search: Words = None
    gateway: str = ""
    destination: str = ""
    netmask: str | int | None = None
    metric: int | None = None


DHCP4 = ("dhcp", "dhcp4")
DHCP6 = ("dhcp6", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless")
SLAAC = ("ipv6_slaac", "ipv6_dhcpv6-stateless")
STATIC = ("static", "static6")
KNOWN_SUBNETS = (*DHCP4, *DHCP6, *SLAAC, *STATIC, "manual")
DEVICES = ("bond", "bridge", "loopback", "physical", "vlan")
OTHERS = ("nameserver", "route")


def network(described: Mapping[str, Any]) -> tuple[Network | None, tuple[str, ...]]:
    entries = converted(described.get("config", ()), tuple[Entry, ...], "network configuration")
    devices = [entry for entry in entries if entry.type in DEVICES and entry.type != "loopback"]
    servers = [entry for entry in entries if entry.type == "nameserver"]
    routes = tuple(_route_of_entry(entry) for entry in entries if entry.type == "route")
    interfaces = [_interface(entry) for entry in devices]
    if interfaces:  # said for the machine as a whole: they go to its first device with a network
        place = next((i for i, made in enumerate(interfaces) if made.addresses or made.dhcp), 0)
        interfaces[place] = structs.replace(
            interfaces[place],
            dns=_once(interfaces[place].dns, *(_words(entry.address) for entry in servers)),
            domains=_once(interfaces[place].domains, *(_words(entry.search) for entry in servers)),
            routes=interfaces[place].routes + routes,
        )
    return (Network(interfaces=tuple(interfaces)) if interfaces else None), tuple(_refusals(entries))


def _refusals(entries: Iterable[Entry]) -> Iterable[str]:
    for entry in entries:
        if entry.type not in DEVICES + OTHERS:
            yield f"network configuration: entries of type {entry.type!r} are not carried out"
        for subnet in entry.subnets or ():
            if subnet.type not in KNOWN_SUBNETS:
                yield f"network configuration: {entry.name}: type {subnet.type!r} is not carried out"


def _interface(entry: Entry) -> Interface:
    subnets = entry.subnets or ()
    types = {subnet.type for subnet in subnets}
    static = [subnet for subnet in subnets if subnet.type in STATIC and subnet.address]
    all_routes = [route for subnet in subnets for route in subnet.routes or ()]
    routes = [_route(route) for route in all_routes]
    ways_out = [subnet.gateway for subnet in static if subnet.gateway]
    ways_out += [route.gateway for route in routes if is_default(route.destination) and route.gateway]
    gateway, gateway6 = gateways(ways_out)
    made = Interface(
        name=entry.name,
        dhcp=dhcp(bool(types & {*DHCP4}), bool(types & {*DHCP6})),
        accept_ra=True if types & {*SLAAC} else None,
        addresses=tuple(with_prefix(subnet.address, subnet.netmask) for subnet in static),
        gateway=gateway,
        gateway6=gateway6,
        routes=tuple(route for route in routes if not is_default(route.destination)),
        dns=_once((), *(_words(subnet.dns_nameservers) for subnet in subnets)),
        domains=_once((), *(_words(subnet.dns_search) for subnet in subnets)),
        mtu=entry.mtu,
    )
    return _with_device(made, entry)


def _with_device(made: Interface, entry: Entry) -> Interface:
    if entry.type == "bond":
        return structs.replace(
            made, bond=bond(entry.bond_interfaces, entry.params or {}), mac=_lower(entry.mac_address)
        )
    if entry.type == "bridge":
        return structs.replace(made, bridge=Bridge(members=entry.bridge_interfaces))
    if entry.type == "vlan":
        return structs.replace(made, vlan=Vlan(parent=entry.vlan_link, id=entry.vlan_id))
    # The name alone would be one that the kernel gave on some machine: the address says which card is meant.
    mac = _lower(entry.mac_address)
    return structs.replace(made, match=Match(mac=mac) if mac else Match(name=entry.name))


def _lower(mac: str | None) -> str | None:
    return mac.lower() if mac else None


def _route(route: RouteEntry) -> Route:
    network = route.destination or route.network
    return Route(
        destination=destination(network, route.netmask), gateway=route.gateway or None, metric=route.metric
    )


def _route_of_entry(entry: Entry) -> Route:
    return Route(
        destination=destination(entry.destination, entry.netmask),
        gateway=entry.gateway or None,
        metric=entry.metric,
    )


def _words(words: Words) -> tuple[str, ...]:
    return tuple(words.split()) if isinstance(words, str) else tuple(words or ())


def _once(first: tuple[str, ...], *others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *(word for words in others for word in words)]))
