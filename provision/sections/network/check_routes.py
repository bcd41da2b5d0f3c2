"""Routes, routing rules and gateways of one interface."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, error, warning
from provision.sections.network.types import Interface, Route, RoutingRule
from provision.sections.network.values import (
    IPNetwork,
    check_device_name,
    check_ip,
    check_network,
    contains,
    ip_of,
    network_of,
)
from provision.variables import has_variable

# These say what becomes of a packet, so none of them has a next hop.
ENDS = ("blackhole", "unreachable", "prohibit", "throw", "local", "broadcast")


def check_route(route: Route, place: Place) -> Iterator[Problem]:
    if route.gateway is not None:
        yield from check_ip(route.gateway, (*place, "gateway"))
    if route.preferred_source is not None:
        yield from check_ip(route.preferred_source, (*place, "preferred_source"))
    problems = list(check_network(route.destination, (*place, "destination")))
    yield from problems
    if not problems:
        yield from _check_families(route, place)
    if route.type in ENDS and route.gateway is not None:
        message = f"a route of type {route.type} has no gateway"
        yield structs.replace(error("route-gateway", (*place, "gateway"), message), at_key=True)
    elif route.type not in ENDS and route.gateway is None and route.scope is None:
        hint = "add gateway, or scope: link for a network that is directly attached"
        yield error("route-no-gateway", place, f"nothing says where {route.destination} is reached", hint)


def _check_families(route: Route, place: Place) -> Iterator[Problem]:
    network = network_of(route.destination)
    if network is None:
        return
    for key, text in (("gateway", route.gateway), ("preferred_source", route.preferred_source)):
        address = ip_of(text)
        # RFC 8950: a route for IPv4 can have a next hop of IPv6; networkd writes one only in MultiPathRoute=.
        if address is not None and address.version != network.version:
            message = f"destination and {key} are of different IP versions"
            yield error("network-family", (*place, key), message)
    if route.scope is not None and network.version == 6 and route.gateway is not None:
        problem = warning("route-scope", (*place, "scope"), "the scope of an IPv6 route is not used")
        yield structs.replace(problem, at_key=True)


def check_rule(rule: RoutingRule, place: Place) -> Iterator[Problem]:
    for key in ("source", "destination"):
        if (text := getattr(rule, key)) is not None:
            yield from check_network(text, (*place, key))
    for key in ("incoming_interface", "outgoing_interface"):
        if (text := getattr(rule, key)) is not None:
            yield from check_device_name(text, (*place, key))
    if rule.table is None and rule.type is None:
        hint = "add table: the number of the table to ask"
        yield error("rule-no-table", place, "nothing says what becomes of the packets", hint)
    if rule.table is not None and rule.type is not None:
        message = "table and type exclude each other"
        yield structs.replace(error("rule-table-type", (*place, "type"), message), at_key=True)
    versions = {network.version for text in (rule.source, rule.destination) if (network := network_of(text))}
    if len(versions) > 1:
        message = "source and destination are of different IP versions"
        yield error("network-family", (*place, "destination"), message)
    elif versions and rule.family not in (None, f"ipv{versions.copy().pop()}"):
        message = f"the networks are not of family {rule.family}"
        yield error("network-family", (*place, "family"), message, "remove family: the networks say it")


def check_gateways(interface: Interface, place: Place) -> Iterator[Problem]:
    """Every next hop is an address that can be reached."""
    for key in ("gateway", "gateway6"):
        text = getattr(interface, key)
        if text is not None:
            yield from check_ip(text, (*place, key))
            yield from _check_reachable(interface, text, (*place, key))
    address = ip_of(interface.gateway6)
    if address is not None and address.version != 6:
        hint = "write it as gateway"
        yield error("network-family", (*place, "gateway6"), f"{address} is no IPv6 address", hint)
    for index, route in enumerate(interface.routes):
        if route.gateway is not None and not route.on_link:
            yield from _check_reachable(interface, route.gateway, (*place, "routes", index, "gateway"))


def _check_reachable(interface: Interface, text: str, place: Place) -> Iterator[Problem]:
    gateway = ip_of(text)
    if gateway is None or gateway.is_link_local:
        return
    own = {address.partition("/")[0] for address in interface.addresses}
    if text in own:
        yield error("gateway-self", place, f"{text} is this machine's own address")
        return
    networks = [network for address in interface.addresses if (network := network_of(address))]
    attached = [*networks, *_attached(interface)]
    if not _knows_its_networks(interface) or any(contains(network, gateway) for network in attached):
        return
    hint = f"the interface is in {', '.join(map(str, networks)) or 'no network'}"
    message = f"{gateway} is in no network of this interface and cannot be reached"
    yield warning("gateway-unreachable", place, message, hint)


def _knows_its_networks(interface: Interface) -> bool:
    """Not when a server or router gives further ones, or when they are known only at plan time."""
    return not interface.dhcp and not interface.accept_ra and not any(map(has_variable, interface.addresses))


def _attached(interface: Interface) -> Iterator[IPNetwork]:
    """Networks that a route without next hop puts on the link."""
    for route in interface.routes:
        network = network_of(route.destination)
        if network is not None and route.gateway is None and route.type in (None, "unicast"):
            yield network
