"""Section `network`: interfaces, configured by systemd-networkd."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.hosts import is_host_name
from provision.sections.urls import is_ip
from provision.variables import has_variable

NETWORK_DIRECTORY = "/etc/systemd/network"

MAC_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")

Metric = Annotated[int, Meta(ge=0, le=2**32 - 1)]
MtuBytes = Annotated[int, Meta(ge=68, le=65536)]  # 68: the least that IPv4 allows, RFC 791


class Match(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which interface is meant. With both keys, both must fit."""

    mac: Annotated[str | None, Meta(description="MAC address.", examples=["52:54:00:12:34:56"])] = None
    name: Annotated[str | None, Meta(description="Interface name or shell glob.", examples=["en*"])] = None


class Route(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One route besides the default one."""

    destination: Annotated[str, Meta(description="Network with prefix length.", examples=["10.0.0.0/8"])]
    gateway: Annotated[str, Meta(description="Next hop.", examples=["10.77.0.254"])]
    metric: Annotated[Metric | None, Meta(description="Smaller wins.")] = None


class Interface(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One interface: how it is found and what it gets."""

    name: Annotated[
        str, Meta(description="Name of this entry; the file is 10-NAME.network.", examples=["lan"])
    ]
    match: Annotated[Match, Meta(description="Which interface is meant.")]
    dhcp: Annotated[
        bool | Literal["ipv4", "ipv6"] | None, Meta(description="Ask DHCP: both families, one, or none.")
    ] = None
    accept_ra: Annotated[
        bool | None,
        Meta(
            description="Take IPv6 addresses and routes from router advertisements; absent: only with dhcp."
        ),
    ] = None
    addresses: Annotated[
        tuple[str, ...],
        Meta(description="Static addresses with prefix length.", examples=[["10.77.0.11/24"]]),
    ] = ()
    gateway: Annotated[str | None, Meta(description="Default gateway.", examples=["10.77.0.1"])] = None
    routes: Annotated[tuple[Route, ...], Meta(description="Further routes.")] = ()
    dns: Annotated[tuple[str, ...], Meta(description="Name servers, by address.")] = ()
    domains: Annotated[tuple[str, ...], Meta(description="Search domains; ~domain only routes queries.")] = ()
    mtu: Annotated[MtuBytes | None, Meta(description="Largest packet in bytes.", examples=[1500])] = None


class Network(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Network interfaces."""

    interfaces: Annotated[tuple[Interface, ...], Meta(description="Interfaces, first match wins.")] = ()


def check(network: Network | None, place: Place) -> Iterator[Problem]:
    if network is None:
        return
    for index, interface in enumerate(network.interfaces):
        yield from _check_interface(interface, (*place, "interfaces", index))


def _check_interface(interface: Interface, place: Place) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", interface.name):
        hint = "letters, digits, - _ and ., at most 64 characters"
        message = f"{interface.name!r} cannot be part of a file name"
        yield error("interface-name", (*place, "name"), message, hint)
    yield from _check_match(interface.match, (*place, "match"))
    for index, address in enumerate(interface.addresses):
        yield from _check_address(address, (*place, "addresses", index))
    for index, server in enumerate(interface.dns):
        yield from _check_ip(server, (*place, "dns", index))
    for index, domain in enumerate(interface.domains):
        if not has_variable(domain) and not is_host_name(domain.removeprefix("~")) and domain != "~.":
            yield error("domain", (*place, "domains", index), f"{domain!r} is no domain name")
    for index, route in enumerate(interface.routes):
        yield from _check_route(route, (*place, "routes", index))
    yield from _check_gateway(interface, (*place, "gateway"))
    if not interface.dhcp and not interface.addresses:
        hint = "add addresses, or dhcp: true"
        yield warning("network-no-address", place, f"interface {interface.name!r} gets no IPv4 address", hint)


def _check_match(match: Match, place: Place) -> Iterator[Problem]:
    if match.mac is None and match.name is None:
        yield error("network-match", place, "nothing to match by", "add mac or name")
    if match.mac is not None and not MAC_ADDRESS.fullmatch(match.mac) and not has_variable(match.mac):
        hint = "six pairs of hexadecimal digits: 52:54:00:12:34:56"
        yield error("mac", (*place, "mac"), f"{match.mac!r} is no MAC address", hint)
    if match.name is not None and not has_variable(match.name) and not re.fullmatch(r"[^\s/]+", match.name):
        yield error("interface-match", (*place, "name"), f"{match.name!r} is no interface name")


def _check_address(text: str, place: Place) -> Iterator[Problem]:
    if has_variable(text):
        return
    if "/" not in text and is_ip(text):
        prefix = 64 if ":" in text else 24
        yield error("address", place, f"{text!r} has no prefix length", f"for example {text}/{prefix}")
        return
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        message = f"{text!r} is no address with prefix length"
        yield error("address", place, message, "for example 10.77.0.11/24")
        return
    if not re.fullmatch(r"[^/]+/\d+", text):
        yield error("address", place, f"{text!r} has a netmask", f"write {address.with_prefixlen}")
    elif address.version == 4 and address.network.prefixlen < 31 and address.ip == address.network[0]:
        yield error("address", place, f"{text!r} is the network's own address", "a host has one above it")


def _check_ip(text: str, place: Place) -> Iterator[Problem]:
    if not has_variable(text) and not is_ip(text):
        yield error("ip", place, f"{text!r} is no IP address")


def _check_route(route: Route, place: Place) -> Iterator[Problem]:
    yield from _check_ip(route.gateway, (*place, "gateway"))
    if has_variable(route.destination):
        return
    here = (*place, "destination")
    try:
        network = ipaddress.ip_network(route.destination, strict=False)
    except ValueError:
        hint = "for example 10.0.0.0/8"
        yield error("network-address", here, f"{route.destination!r} is no network", hint)
        return
    if not re.fullmatch(r"[^/]+/\d+", route.destination) or str(network.network_address) != str(
        ipaddress.ip_interface(route.destination).ip
    ):
        yield error("network-address", here, f"{route.destination!r} is no network", f"write {network}")
    elif is_ip(route.gateway) and ipaddress.ip_address(route.gateway).version != network.version:
        message = "destination and gateway are of different IP versions"
        yield error("network-family", (*place, "gateway"), message)


def _check_gateway(interface: Interface, place: Place) -> Iterator[Problem]:
    gateway = interface.gateway
    if gateway is None or has_variable(gateway):
        return
    if not is_ip(gateway):
        yield error("ip", place, f"{gateway!r} is no IP address")
        return
    networks = [network for text in interface.addresses if (network := _network_of(text))]
    complete = len(networks) == len(interface.addresses) and not interface.dhcp
    if complete and not any(ipaddress.ip_address(gateway) in network for network in networks):
        hint = f"the interface is in {', '.join(map(str, networks)) or 'no network'}"
        message = f"{gateway} is in no network of this interface and cannot be reached"
        yield warning("gateway-unreachable", place, message, hint)


def _network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_interface(text).network
    except ValueError:  # reported as an address
        return None


def network_path(interface: Interface) -> str:
    return f"{NETWORK_DIRECTORY}/10-{interface.name}.network"


def plan(network: Network | None, _facts: Facts) -> Iterator[Step]:
    for index, interface in enumerate(network.interfaces if network else ()):
        action = WriteFile(network_path(interface), _network_file(interface).encode())
        yield Step(action, path_text(("network", "interfaces", index)))


def accepts_router_advertisements(interface: Interface) -> bool | None:
    """None leaves networkd's default. A static interface that waits for a router's word, on a network where no
    router gives one, is online 12 s later (three solicitations, RFC 4861 section 6.3.7)."""
    if interface.accept_ra is not None:
        return interface.accept_ra
    return None if interface.dhcp else False


DHCP_WORDS = {True: "yes", False: "no", "ipv4": "ipv4", "ipv6": "ipv6"}


def _yes_or_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _network_file(interface: Interface) -> str:
    """The text of a .network file, systemd.network(5)."""
    mac, name = interface.match.mac, interface.match.name
    parts = [
        _section("Match", ("MACAddress", mac and mac.lower().replace("-", ":")), ("Name", name)),
        _section("Link", ("MTUBytes", interface.mtu)),
        _section(
            "Network",
            ("DHCP", None if interface.dhcp is None else DHCP_WORDS[interface.dhcp]),
            ("IPv6AcceptRA", _yes_or_no(accepts_router_advertisements(interface))),
            *(("Address", address) for address in interface.addresses),
            ("Gateway", interface.gateway),
            *(("DNS", server) for server in interface.dns),
            ("Domains", " ".join(interface.domains)),
        ),
    ]
    for route in interface.routes:
        destination, gateway = ("Destination", route.destination), ("Gateway", route.gateway)
        parts.append(_section("Route", destination, gateway, ("Metric", route.metric)))
    return "\n".join(part for part in parts if part)


def _section(name: str, *settings: tuple[str, str | int | None]) -> str:
    lines = [f"{key}={value}\n" for key, value in settings if value not in (None, "")]
    return f"[{name}]\n{''.join(lines)}" if lines else ""
