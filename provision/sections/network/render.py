"""The files of systemd-networkd: .network, .netdev and .link, as systemd 252 reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from provision.sections.network.devices import Bond, Bridge, WireGuard, WireGuardPeer
from provision.sections.network.stack import Above
from provision.sections.network.types import (
    DhcpV4,
    DhcpV6,
    Interface,
    Match,
    Route,
    RouterAdvertisements,
    RoutingRule,
    kind_of,
)
from provision.sections.network.values import mac_text

NETWORK_DIRECTORY = "/etc/systemd/network"

Value = str | int | bool | None
Setting = tuple[str, Value]


class NetworkFile(Struct, frozen=True):
    path: str
    text: str
    secret: bool = False


def paths_of(interface: Interface) -> tuple[str, ...]:
    """The files of one entry, the .network file first."""
    stem = f"{NETWORK_DIRECTORY}/10-{interface.name}"
    if kind_of(interface) is not None:
        return f"{stem}.network", f"{stem}.netdev"
    return (f"{stem}.network", f"{stem}.link") if interface.device_name else (f"{stem}.network",)


def files_of(interface: Interface, above: Mapping[str, Above]) -> Iterator[NetworkFile]:
    path, *others = paths_of(interface)
    yield NetworkFile(path, _network_text(interface, above.get(interface.name, Above())))
    for other in others:
        if other.endswith(".netdev"):
            yield NetworkFile(other, _netdev_text(interface), secret=_holds_secret(interface.wireguard))
        else:
            yield NetworkFile(other, _link_text(interface))


def accepts_router_advertisements(interface: Interface, on_it: Above) -> bool | None:
    """None leaves networkd's default. A static interface that waits for a router's word, on a network where no
    router gives one, is online 12 s later (three solicitations, RFC 4861 section 6.3.7)."""
    if interface.accept_ra is not None:
        return interface.accept_ra
    return None if interface.dhcp and not on_it.joined else False


def required_for_online(interface: Interface, on_it: Above) -> str | bool | None:
    """A boot does not wait for what may never be online by itself: one cable of a bond, an empty bridge, a VRF."""
    if interface.required_for_online is not None:
        return interface.required_for_online
    empty = interface.bridge is not None and not interface.bridge.members
    return False if on_it.joined or empty or interface.vrf is not None else None


def _network_text(interface: Interface, on_it: Above) -> str:
    return "\n".join(part for part in _network_parts(interface, on_it) if part)


def _network_parts(interface: Interface, on_it: Above) -> Iterator[str]:
    """systemd.network(5)."""
    yield _section("Match", *_match(interface, on_it))
    # A made interface gets address and size when it is made.
    made = kind_of(interface) is not None
    yield _section(
        "Link",
        ("MACAddress", None if made else mac_text(interface.mac)),
        ("MTUBytes", None if made else interface.mtu),
        ("RequiredForOnline", required_for_online(interface, on_it)),
    )
    yield _section("Network", *_network_settings(interface, on_it))
    yield from (_section("Route", *_route(route)) for route in interface.routes)
    yield from (_section("RoutingPolicyRule", *_rule(rule)) for rule in interface.rules)
    if interface.dhcp4 is not None:
        yield _section("DHCPv4", *_dhcp4(interface.dhcp4))
    if interface.dhcp6 is not None:
        yield _section("DHCPv6", *_dhcp6(interface.dhcp6))
    if interface.ra is not None:
        yield _section("IPv6AcceptRA", *_ra(interface.ra))


def _match(interface: Interface, on_it: Above) -> Iterator[Setting]:
    match = interface.match
    if match is None:
        yield "Name", interface.name
        return
    # The address burnt in, where the one in use becomes another: in a bond, or by `mac`.
    changes = on_it.master_kind == "bond" or interface.mac is not None
    yield "PermanentMACAddress" if changes else "MACAddress", mac_text(match.mac)
    # Once renamed, it is found by its new name.
    yield "Name", interface.device_name if match.name and interface.device_name else match.name
    yield "Driver", match.driver
    yield "Path", match.path
    if match.mac is not None and not changes and (on_it.joined or on_it.vlans):
        yield "Kind", HEIRS


# A VLAN, and a bond or bridge when told so, has the MAC address of what it stands on, and would match as well.
HEIRS = "!bond bridge vlan"


def _network_settings(interface: Interface, on_it: Above) -> Iterator[Setting]:
    yield "DHCP", interface.dhcp
    # networkd's own default for members of a bridge, which it does not have for those of a bond.
    joined = False if on_it.joined else None
    yield "LinkLocalAddressing", joined if interface.link_local is None else interface.link_local
    yield "IPv6AcceptRA", accepts_router_advertisements(interface, on_it)
    yield "IPv6PrivacyExtensions", interface.ipv6_privacy
    if on_it.master is not None:
        yield MASTER_KEYS[on_it.master_kind or ""], on_it.master.name
        if on_it.master.bond is not None and on_it.master.bond.primary == interface.name:
            yield "PrimarySlave", True
    yield from (("VLAN", vlan) for vlan in on_it.vlans)
    if interface.bridge is not None and not interface.bridge.members:
        yield "ConfigureWithoutCarrier", True
    yield from (("Address", address) for address in interface.addresses)
    yield "Gateway", interface.gateway
    yield "Gateway", interface.gateway6
    yield from (("DNS", server) for server in interface.dns)
    yield "Domains", " ".join(interface.domains)
    yield from (("NTP", server) for server in interface.ntp)


MASTER_KEYS = {"bond": "Bond", "bridge": "Bridge", "vrf": "VRF"}


def _route(route: Route) -> Iterator[Setting]:
    yield "Destination", route.destination
    yield "Gateway", route.gateway
    yield "GatewayOnLink", route.on_link
    yield "Metric", route.metric
    yield "Table", route.table
    yield "Scope", route.scope
    yield "Type", route.type
    yield "PreferredSource", route.preferred_source


def _rule(rule: RoutingRule) -> Iterator[Setting]:
    yield "From", rule.source
    yield "To", rule.destination
    yield "FirewallMark", rule.firewall_mark
    yield "IncomingInterface", rule.incoming_interface
    yield "OutgoingInterface", rule.outgoing_interface
    yield "Table", rule.table
    yield "Type", rule.type
    yield "Priority", rule.priority
    yield "Family", rule.family


def _dhcp4(options: DhcpV4) -> Iterator[Setting]:
    yield "UseDNS", options.use_dns
    yield "UseNTP", options.use_ntp
    yield "UseRoutes", options.use_routes
    yield "UseGateway", options.use_gateway
    yield "UseDomains", options.use_domains
    yield "UseHostname", options.use_hostname
    yield "UseMTU", options.use_mtu
    yield "SendHostname", options.send_hostname
    yield "Hostname", options.hostname
    yield "ClientIdentifier", options.client_identifier
    yield "RouteMetric", options.route_metric


def _dhcp6(options: DhcpV6) -> Iterator[Setting]:
    yield "UseAddress", options.use_address
    yield "UseDNS", options.use_dns
    yield "UseNTP", options.use_ntp
    yield "UseDomains", options.use_domains
    yield "UseHostname", options.use_hostname
    yield "WithoutRA", options.without_ra


def _ra(options: RouterAdvertisements) -> Iterator[Setting]:
    yield "UseAutonomousPrefix", options.use_addresses
    yield "UseGateway", options.use_gateway
    yield "UseDNS", options.use_dns
    yield "UseDomains", options.use_domains
    yield "Token", options.token
    yield "RouteMetric", options.route_metric


def _netdev_text(interface: Interface) -> str:
    """systemd.netdev(5)."""
    netdev = _section(
        "NetDev",
        ("Name", interface.name),
        ("Kind", kind_of(interface)),
        ("MTUBytes", interface.mtu),
        ("MACAddress", mac_text(interface.mac)),
    )
    return "\n".join(part for part in (netdev, *_device_parts(interface)) if part)


def _device_parts(interface: Interface) -> Iterator[str]:
    if interface.vlan is not None:
        yield _section("VLAN", ("Id", interface.vlan.id))
    if interface.bond is not None:
        yield _section("Bond", *_bond(interface.bond))
    if interface.bridge is not None:
        yield _section("Bridge", *_bridge(interface.bridge))
    if interface.vrf is not None:
        yield _section("VRF", ("Table", interface.vrf.table))
    if interface.wireguard is not None:
        yield _section("WireGuard", *_wireguard(interface.wireguard))
        yield from (_section("WireGuardPeer", *_peer(peer)) for peer in interface.wireguard.peers)


def _bond(bond: Bond) -> Iterator[Setting]:
    yield "Mode", bond.mode
    yield "MIIMonitorSec", _milliseconds(bond.miimon)
    yield "UpDelaySec", _milliseconds(bond.up_delay)
    yield "DownDelaySec", _milliseconds(bond.down_delay)
    yield "PrimaryReselectPolicy", bond.primary_reselect
    yield "LACPTransmitRate", bond.lacp_rate
    yield "TransmitHashPolicy", bond.hash_policy
    yield "MinLinks", bond.min_links


def _milliseconds(value: int | None) -> str | None:
    return None if value is None else f"{value}ms"


def _bridge(bridge: Bridge) -> Iterator[Setting]:
    yield "STP", bridge.stp
    yield "ForwardDelaySec", bridge.forward_delay
    yield "HelloTimeSec", bridge.hello_time
    yield "MaxAgeSec", bridge.max_age
    yield "AgeingTimeSec", bridge.ageing_time
    yield "Priority", bridge.priority
    yield "VLANFiltering", bridge.vlan_filtering
    yield "MulticastSnooping", bridge.multicast_snooping


def _wireguard(tunnel: WireGuard) -> Iterator[Setting]:
    yield "PrivateKey", tunnel.private_key.reveal() if tunnel.private_key else None
    yield "PrivateKeyFile", tunnel.private_key_file
    yield "ListenPort", tunnel.listen_port
    yield "RouteTable", "main" if tunnel.route_allowed_ips else None


def _peer(peer: WireGuardPeer) -> Iterator[Setting]:
    yield "PublicKey", peer.public_key
    yield "PresharedKey", peer.preshared_key.reveal() if peer.preshared_key else None
    yield "PresharedKeyFile", peer.preshared_key_file
    yield "Endpoint", peer.endpoint
    yield "AllowedIPs", ",".join(peer.allowed_ips)
    yield "PersistentKeepalive", peer.keepalive


def _holds_secret(tunnel: WireGuard | None) -> bool:
    return tunnel is not None and (
        tunnel.private_key is not None or any(peer.preshared_key is not None for peer in tunnel.peers)
    )


def _link_text(interface: Interface) -> str:
    """systemd.link(5). `Kind` because a VLAN has the MAC address of what it stands on."""
    match = interface.match or Match()
    parts = [
        _section(
            "Match",
            ("MACAddress", mac_text(match.mac)),
            ("OriginalName", match.name),
            ("Driver", match.driver),
            ("Path", match.path),
            ("Kind", HEIRS if match.mac else None),
        ),
        _section("Link", ("Name", interface.device_name)),
    ]
    return "\n".join(part for part in parts if part)


def _section(name: str, *settings: Setting) -> str:
    lines = [f"{key}={_word(value)}\n" for key, value in settings if value not in (None, "")]
    return f"[{name}]\n{''.join(lines)}" if lines else ""


def _word(value: Value) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
