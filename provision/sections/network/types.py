"""The types of section `network`: what an interface is and gets."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from provision.sections.network.devices import Bond, Bridge, Device, TableId, Vlan, Vrf, WireGuard

Metric = Annotated[int, Meta(ge=0, le=2**32 - 1)]
MtuBytes = Annotated[int, Meta(ge=68, le=65536)]  # 68: the least that IPv4 allows, RFC 791
FirewallMark = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Table = TableId | Literal["default", "main", "local"]


class Match(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which interface is meant. With several keys, all must fit."""

    mac: Annotated[str | None, Meta(description="MAC address.", examples=["52:54:00:12:34:56"])] = None
    name: Annotated[str | None, Meta(description="Interface name or shell glob.", examples=["en*"])] = None
    driver: Annotated[
        str | None, Meta(description="Kernel driver or shell glob.", examples=["virtio_net"])
    ] = None
    path: Annotated[
        str | None,
        Meta(description="Place in the machine (udev's ID_PATH) or glob.", examples=["pci-0000:02:00.0"]),
    ] = None


class Route(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One route besides the default one."""

    destination: Annotated[str, Meta(description="Network with prefix length.", examples=["10.0.0.0/8"])]
    gateway: Annotated[str | None, Meta(description="Next hop.", examples=["10.77.0.254"])] = None
    on_link: Annotated[
        bool | None, Meta(description="The next hop is reachable though no address says so.")
    ] = None
    metric: Annotated[Metric | None, Meta(description="Smaller wins.")] = None
    table: Annotated[
        Table | None, Meta(description="Routing table, by number or name; absent: main.", examples=[100])
    ] = None
    scope: Annotated[
        Literal["global", "site", "link", "host", "nowhere"] | None,
        Meta(description="How far it reaches; link: directly attached, no gateway. Only IPv4."),
    ] = None
    type: Annotated[
        Literal["unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit", "throw"] | None,
        Meta(description="What happens to the packets; blackhole drops them. Absent: they are sent."),
    ] = None
    preferred_source: Annotated[
        str | None, Meta(description="Address of this machine that packets shall come from.")
    ] = None


class RoutingRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which routing table is asked for which packets."""

    source: Annotated[str | None, Meta(description="Network the packet is from.")] = None
    destination: Annotated[str | None, Meta(description="Network the packet goes to.")] = None
    firewall_mark: Annotated[
        FirewallMark | None, Meta(description="Mark that the firewall gave.", examples=[7])
    ] = None
    incoming_interface: Annotated[str | None, Meta(description="Interface it came in by.")] = None
    outgoing_interface: Annotated[str | None, Meta(description="Interface its socket is bound to.")] = None
    table: Annotated[Table | None, Meta(description="Table that is asked.", examples=[100])] = None
    type: Annotated[
        Literal["blackhole", "unreachable", "prohibit"] | None,
        Meta(description="What becomes of the packet, in place of asking a table."),
    ] = None
    priority: Annotated[Metric | None, Meta(description="Smaller is asked first.")] = None
    family: Annotated[
        Literal["ipv4", "ipv6", "both"] | None,
        Meta(description="Absent: as the networks say, else IPv4."),
    ] = None


class DhcpV4(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told to and taken from a DHCPv4 server."""

    use_dns: Annotated[bool | None, Meta(description="Take its name servers; absent: yes.")] = None
    use_ntp: Annotated[bool | None, Meta(description="Take its time servers; absent: yes.")] = None
    use_routes: Annotated[bool | None, Meta(description="Take its routes; absent: yes.")] = None
    use_gateway: Annotated[bool | None, Meta(description="Take its gateway; absent: as use_routes.")] = None
    use_domains: Annotated[
        bool | Literal["route"] | None,
        Meta(description="Take its domain to search in, or only to route queries; absent: no."),
    ] = None
    use_hostname: Annotated[bool | None, Meta(description="Take its host name; absent: yes.")] = None
    use_mtu: Annotated[bool | None, Meta(description="Take its MTU; absent: no.")] = None
    send_hostname: Annotated[bool | None, Meta(description="Tell it the host name; absent: yes.")] = None
    hostname: Annotated[str | None, Meta(description="Name told instead of the machine's own.")] = None
    client_identifier: Annotated[
        Literal["mac", "duid", "duid-only"] | None,
        Meta(description="How the machine identifies itself; absent: duid."),
    ] = None
    route_metric: Annotated[Metric | None, Meta(description="Metric of its routes; absent: 1024.")] = None


class DhcpV6(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told to and taken from a DHCPv6 server."""

    use_address: Annotated[bool | None, Meta(description="Take its address; absent: yes.")] = None
    use_dns: Annotated[bool | None, Meta(description="Take its name servers; absent: yes.")] = None
    use_ntp: Annotated[bool | None, Meta(description="Take its time servers; absent: yes.")] = None
    use_domains: Annotated[
        bool | Literal["route"] | None,
        Meta(description="Take its domain to search in, or only to route queries; absent: no."),
    ] = None
    use_hostname: Annotated[bool | None, Meta(description="Take its host name; absent: yes.")] = None
    without_ra: Annotated[
        Literal["no", "solicit", "information-request"] | None,
        Meta(description="How to ask where no router advertises itself."),
    ] = None


class RouterAdvertisements(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is taken from IPv6 router advertisements (RFC 4861, RFC 8106)."""

    use_addresses: Annotated[
        bool | None, Meta(description="Make addresses of its prefixes (SLAAC); absent: yes.")
    ] = None
    use_gateway: Annotated[bool | None, Meta(description="Take the router as gateway; absent: yes.")] = None
    use_dns: Annotated[bool | None, Meta(description="Take its name servers; absent: yes.")] = None
    use_domains: Annotated[
        bool | Literal["route"] | None,
        Meta(description="Take its domains to search in, or only to route queries; absent: no."),
    ] = None
    token: Annotated[
        str | None,
        Meta(
            description="Last part of the addresses, or how to make it.",
            examples=["::11", "eui64", "prefixstable"],
        ),
    ] = None
    route_metric: Annotated[Metric | None, Meta(description="Metric of its routes; absent: 1024.")] = None


class Interface(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One interface: found by `match`, or made as `vlan`, `bond`, `bridge`, `wireguard` or `vrf`."""

    name: Annotated[
        str,
        Meta(
            description="Name of this entry, and of an interface that is made; the file is 10-NAME.network.",
            examples=["lan"],
        ),
    ]
    match: Annotated[Match | None, Meta(description="Which interface of the machine is meant.")] = None
    vlan: Annotated[Vlan | None, Meta(description="Make a VLAN.")] = None
    bond: Annotated[Bond | None, Meta(description="Make a bond.")] = None
    bridge: Annotated[Bridge | None, Meta(description="Make a bridge.")] = None
    wireguard: Annotated[WireGuard | None, Meta(description="Make a WireGuard tunnel.")] = None
    vrf: Annotated[Vrf | None, Meta(description="Make a VRF.")] = None
    device_name: Annotated[
        str | None, Meta(description="Name that a matched interface gets (10-NAME.link).", examples=["lan0"])
    ] = None
    mac: Annotated[str | None, Meta(description="MAC address the interface gets.")] = None
    dhcp: Annotated[
        bool | Literal["ipv4", "ipv6"] | None, Meta(description="Ask DHCP: both families, one, or none.")
    ] = None
    dhcp4: Annotated[DhcpV4 | None, Meta(description="Options for DHCPv4.")] = None
    dhcp6: Annotated[DhcpV6 | None, Meta(description="Options for DHCPv6.")] = None
    accept_ra: Annotated[
        bool | None,
        Meta(
            description="Take IPv6 addresses and routes from router advertisements; absent: only with dhcp."
        ),
    ] = None
    ra: Annotated[RouterAdvertisements | None, Meta(description="Options for router advertisements.")] = None
    link_local: Annotated[
        bool | Literal["ipv4", "ipv6"] | None,
        Meta(description="Addresses valid on the link only: both families, one, or none; absent: IPv6."),
    ] = None
    ipv6_privacy: Annotated[
        bool | Literal["prefer-public"] | None,
        Meta(description="Temporary addresses (RFC 8981) besides those of router advertisements."),
    ] = None
    addresses: Annotated[
        tuple[str, ...],
        Meta(description="Static addresses with prefix length.", examples=[["10.77.0.11/24"]]),
    ] = ()
    gateway: Annotated[str | None, Meta(description="Default gateway.", examples=["10.77.0.1"])] = None
    gateway6: Annotated[
        str | None, Meta(description="Default gateway for IPv6 besides one for IPv4.", examples=["fd00::1"])
    ] = None
    routes: Annotated[tuple[Route, ...], Meta(description="Further routes.")] = ()
    rules: Annotated[tuple[RoutingRule, ...], Meta(description="Routing policy rules.")] = ()
    dns: Annotated[tuple[str, ...], Meta(description="Name servers, by address.")] = ()
    domains: Annotated[tuple[str, ...], Meta(description="Search domains; ~domain only routes queries.")] = ()
    ntp: Annotated[tuple[str, ...], Meta(description="Time servers, by name or address.")] = ()
    mtu: Annotated[MtuBytes | None, Meta(description="Largest packet in bytes.", examples=[1500])] = None
    required_for_online: Annotated[
        bool
        | Literal["no-carrier", "dormant", "degraded-carrier", "carrier", "degraded", "enslaved", "routable"]
        | None,
        Meta(description="Whether the machine waits for it to be online, or the state that is enough."),
    ] = None


class Network(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Network interfaces."""

    interfaces: Annotated[
        tuple[Interface, ...], Meta(description="Interfaces; where two match, the first by name wins.")
    ] = ()


KINDS = ("vlan", "bond", "bridge", "wireguard", "vrf")


def device_of(interface: Interface) -> Device | None:
    """What the entry makes; None for an interface the machine has."""
    return (
        interface.vlan or interface.bond or interface.bridge or interface.wireguard or interface.vrf or None
    )


def kind_of(interface: Interface) -> str | None:
    """networkd's word for what the entry makes."""
    return next((kind for kind in KINDS if getattr(interface, kind) is not None), None)


def takes_dhcp(interface: Interface, family: Literal["ipv4", "ipv6"]) -> bool:
    return interface.dhcp is True or interface.dhcp == family
