"""Section `network`: what is accepted and refused of one interface, beyond addresses."""

from __future__ import annotations

import pytest

from tests.unit.provision.checks import network_codes as found

KEY = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
OTHER_KEY = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="
LAN = "{name: lan, match: {name: eth0}, dhcp: true}"


def one(fields: str) -> list[str]:
    return [code.replace("[0]", "", 1) for code in found(f"{{name: lan, match: {{name: eth0}}, {fields}}}")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("dhcp: true, dhcp4: {client_identifier: mac}", [], id="DHCP options"),
        pytest.param("dhcp: ipv6, dhcp4: {use_dns: false}", ["options-unused .dhcp4"], id="other family"),
        pytest.param("dhcp: ipv4, dhcp6: {use_dns: false}", ["options-unused .dhcp6"], id="no DHCPv6"),
        pytest.param(
            "dhcp: ipv4, accept_ra: true, dhcp6: {use_dns: false}", [], id="DHCPv6 as routers say it"
        ),
        pytest.param(
            "dhcp: true, dhcp4: {hostname: a.b}", ["dhcp-hostname .dhcp4.hostname"], id="name with a dot"
        ),
        pytest.param(
            "dhcp: true, mtu: 1400, dhcp4: {use_mtu: true}",
            ["options-unused .dhcp4.use_mtu"],
            id="MTU of two sources",
        ),
        pytest.param(
            "dhcp: true, dhcp4: {client_identifier: uuid}", ["wrong-type .dhcp4.client_identifier"], id="id"
        ),
        pytest.param("accept_ra: true, ra: {token: '::11'}", [], id="SLAAC with a fixed end"),
        pytest.param("accept_ra: true, ra: {token: 10.0.0.1}", ["ra-token .ra.token"], id="token of IPv4"),
        pytest.param(
            "addresses: [10.0.0.2/24], ra: {use_dns: false}", ["options-unused .ra"], id="no advertisements"
        ),
        pytest.param("link_local: ipv4", [], id="link-local alone"),
        pytest.param(
            "accept_ra: true, link_local: false",
            ["ra-without-link-local .link_local"],
            id="advertisements need a link-local address",
        ),
        pytest.param("dhcp: true, ntp: [ntp.example, 10.0.0.1]", [], id="time servers"),
        pytest.param("dhcp: true, ntp: [a b]", ["ntp-server .ntp[0]"], id="no time server"),
        pytest.param("dhcp: true, required_for_online: routable", [], id="state to wait for"),
        pytest.param(
            "dhcp: true, required_for_online: up", ["wrong-type .required_for_online"], id="no such state"
        ),
        pytest.param("dhcp: true, mac: '52:54:00:00:00:01'", [], id="own MAC"),
        pytest.param("dhcp: true, mac: '53:54:00:00:00:01'", ["mac-multicast .mac"], id="multicast MAC"),
        pytest.param("dhcp: true, mac: '00:00:00:00:00:00'", ["mac .mac"], id="MAC of zeros"),
        pytest.param("dhcp: true, device_name: lan0", [], id="renamed"),
        pytest.param(
            "dhcp: true, device_name: eth1", ["device-name-kernel .device_name"], id="kernel's name"
        ),
        pytest.param(
            "dhcp: true, device_name: a-name-of-16-chr", ["device-name .device_name"], id="name too long"
        ),
        pytest.param("addresses: [10.0.0.255/24]", ["address .addresses[0]"], id="broadcast address"),
        pytest.param(
            "addresses: [10.0.0.2/24], gateway: 10.0.0.2", ["gateway-self .gateway"], id="own gateway"
        ),
        pytest.param(
            "addresses: ['fd00::2/64'], gateway: 'fe80::1'", [], id="every link has its link-local gateway"
        ),
        pytest.param(
            "addresses: [10.0.0.2/32], gateway: 172.31.1.1, routes: [{destination: 172.31.1.1/32, scope: link}]",
            [],
            id="gateway put on the link by a route",
        ),
        pytest.param(
            "addresses: [10.0.0.2/24, 'fd00::2/64'], gateway: 10.0.0.1, gateway6: 'fd00::1'",
            [],
            id="dual stack",
        ),
        pytest.param(
            "addresses: [10.0.0.2/24], gateway6: 10.0.0.1",
            ["network-family .gateway6"],
            id="gateway6 of IPv4",
        ),
    ],
)
def test_an_interface_of_the_machine(fields: str, expected: list[str]) -> None:
    assert one(fields) == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        pytest.param("{driver: virtio_net}", [], id="driver"),
        pytest.param("{path: 'pci-0000:02:00.*'}", [], id="path"),
        pytest.param("{driver: 'a b'}", ["interface-match [0].match.driver"], id="two drivers"),
        pytest.param("{path: ''}", ["interface-match [0].match.path"], id="empty path"),
        pytest.param("{mac: '01:00:5e:00:00:01'}", ["mac-multicast [0].match.mac"], id="multicast MAC"),
    ],
)
def test_a_match(match: str, expected: list[str]) -> None:
    assert found(f"{{name: lan, match: {match}, dhcp: true}}") == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param("destination: 10.9.0.0/16, gateway: 10.0.0.9, table: 100, scope: site", [], id="all"),
        pytest.param("destination: 10.9.0.0/16, type: blackhole", [], id="blackhole"),
        pytest.param(
            "destination: 10.9.0.0/16, type: blackhole, gateway: 10.0.0.9",
            ["route-gateway .routes[0].gateway"],
            id="blackhole by a gateway",
        ),
        pytest.param("destination: 10.9.0.0/16", ["route-no-gateway .routes[0]"], id="nowhere"),
        pytest.param("destination: 10.9.0.0/16, scope: link", [], id="attached"),
        pytest.param(
            "destination: 10.9.0.0/16, gateway: 10.1.0.9",
            ["gateway-unreachable .routes[0].gateway"],
            id="next hop out of reach",
        ),
        pytest.param(
            "destination: 10.9.0.0/16, gateway: 10.1.0.9, on_link: true", [], id="said to be in reach"
        ),
        pytest.param(
            "destination: 10.9.0.0/16, gateway: 10.0.0.9, table: 0",
            ["out-of-range .routes[0].table"],
            id="table 0",
        ),
        pytest.param(
            "destination: 10.9.0.0/16, gateway: 10.0.0.9, preferred_source: 'fd00::2'",
            ["network-family .routes[0].preferred_source"],
            id="source of another family",
        ),
        pytest.param(
            "destination: 'fd01::/64', gateway: 'fe80::9', scope: site",
            ["route-scope .routes[0].scope"],
            id="scope of IPv6",
        ),
    ],
)
def test_a_route(route: str, expected: list[str]) -> None:
    assert one(f"addresses: [10.0.0.2/24], routes: [{{{route}}}]") == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("source: 10.0.0.0/24, table: 100, priority: 5", [], id="source"),
        pytest.param("firewall_mark: 7, type: prohibit", [], id="mark"),
        pytest.param("source: 10.0.0.1/24, table: 1", ["network-address .rules[0].source"], id="host bits"),
        pytest.param("source: 10.0.0.0/24", ["rule-no-table .rules[0]"], id="no table"),
        pytest.param(
            "source: 10.0.0.0/24, table: 1, type: prohibit", ["rule-table-type .rules[0].type"], id="both"
        ),
        pytest.param(
            "source: 10.0.0.0/24, destination: 'fd00::/64', table: 1",
            ["network-family .rules[0].destination"],
            id="families mixed",
        ),
        pytest.param(
            "source: 10.0.0.0/24, family: ipv6, table: 1",
            ["network-family .rules[0].family"],
            id="family against the network",
        ),
        pytest.param(
            "incoming_interface: a/b, table: 1",
            ["device-name .rules[0].incoming_interface"],
            id="no interface",
        ),
    ],
)
def test_a_rule(rule: str, expected: list[str]) -> None:
    assert one(f"dhcp: true, rules: [{{{rule}}}]") == expected


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        pytest.param("{name: a, vlan: {parent: lan, id: 10}, dhcp: true}", [], id="VLAN"),
        pytest.param("{name: a, vlan: {parent: lan, id: 0}}", ["out-of-range [2].vlan.id"], id="VLAN 0"),
        pytest.param(
            "{name: a, vlan: {parent: lan, id: 4095}}", ["out-of-range [2].vlan.id"], id="VLAN 4095"
        ),
        pytest.param(
            "{name: a, vlan: {parent: wan, id: 1}, dhcp: true}",
            ["unknown-interface [2].vlan.parent"],
            id="VLAN on nothing",
        ),
        pytest.param("{name: a, bridge: {members: [p1], stp: true}}", [], id="bridge"),
        pytest.param("{name: a, bridge: {}}", [], id="empty bridge"),
        pytest.param(
            "{name: a, bridge: {forward_delay: 4}}", ["bridge-times [2].bridge"], id="times of a bridge"
        ),
        pytest.param(
            "{name: a, bond: {mode: active-backup, members: [p1], primary: p1}, dhcp: true}", [], id="bond"
        ),
        pytest.param("{name: a, bond: {members: [p1]}}", ["missing-key [2].bond"], id="bond without mode"),
        pytest.param(
            "{name: a, bond: {mode: balance-rr, members: []}, dhcp: true}",
            ["bond-no-members [2].bond.members"],
            id="bond of nothing",
        ),
        pytest.param(
            "{name: a, bond: {mode: active-backup, members: [p1], primary: p2}, dhcp: true}",
            ["bond-primary [2].bond.primary"],
            id="primary elsewhere",
        ),
        pytest.param(
            "{name: a, bond: {mode: 802.3ad, members: [p1], primary: p1}, dhcp: true}",
            ["bond-mode [2].bond.primary"],
            id="primary in a mode without one",
        ),
        pytest.param(
            "{name: a, bond: {mode: balance-rr, members: [p1], lacp_rate: fast}, dhcp: true}",
            ["bond-mode [2].bond.lacp_rate"],
            id="LACP without LACP",
        ),
        pytest.param(
            "{name: a, bond: {mode: balance-rr, members: [p1], up_delay: 150}, dhcp: true}",
            ["bond-delay [2].bond.up_delay"],
            id="delay between two looks",
        ),
        pytest.param(
            "{name: a, bond: {mode: balance-rr, members: [p1], miimon: 0}, dhcp: true}",
            ["bond-miimon [2].bond.miimon"],
            id="failures unseen",
        ),
        pytest.param("{name: a, vrf: {table: 5, members: [lan]}}", [], id="VRF"),
        pytest.param("{name: a, vrf: {table: 0}}", ["out-of-range [2].vrf.table"], id="VRF without table"),
        pytest.param("{name: a, dhcp: true}", ["network-match [2]"], id="neither found nor made"),
        pytest.param(
            "{name: a, match: {name: eth5}, bridge: {}}", ["interface-twice [2].bridge"], id="found and made"
        ),
        pytest.param("{name: a-name-of-16-chr, bridge: {}}", ["device-name [2].name"], id="name too long"),
        pytest.param("{name: '10', bridge: {}}", ["device-name [2].name"], id="name of digits"),
        pytest.param(
            "{name: a, bridge: {}, device_name: b}", ["device-name-made [2].device_name"], id="two names"
        ),
    ],
)
def test_an_interface_that_is_made(interface: str, expected: list[str]) -> None:
    assert found(LAN, "{name: p1, match: {name: eth1}, link_local: ipv6}", interface) == expected


def test_a_name_for_one_interface_is_not_given_to_all_that_match() -> None:
    interface = "{{name: lan, match: {}, dhcp: true, device_name: lan0}}"

    assert found(interface.format("{name: 'en*'}")) == ["device-name-pattern [0].device_name"]
    assert found(interface.format("{name: 'en*', mac: '52:54:00:00:00:01'}")) == []


def tunnel(fields: str, peer: str) -> list[str]:
    peers = f"peers: [{peer}]" if peer else ""
    (*codes_found,) = found(f"{{name: w, wireguard: {{{fields}, {peers}}}, addresses: [10.9.0.1/24]}}")
    return [code.replace("[0].wireguard", "", 1) for code in codes_found]


PEER = f"public_key: {KEY}, allowed_ips: [10.9.0.2/32]"


@pytest.mark.parametrize(
    ("fields", "peer", "expected"),
    [
        pytest.param(f"private_key: {KEY}", f"{{{PEER}}}", [], id="tunnel"),
        pytest.param("private_key_file: /etc/wg.key", f"{{{PEER}, keepalive: 25}}", [], id="key in a file"),
        pytest.param("listen_port: 1", "", ["wireguard-no-key "], id="no key"),
        pytest.param(
            f"private_key: {KEY}, private_key_file: /a",
            "",
            ["wireguard-two-keys .private_key_file"],
            id="two keys",
        ),
        pytest.param(f"private_key: {KEY[4:]}", "", ["wireguard-key .private_key"], id="key cut"),
        pytest.param(f"private_key: {KEY[:-1]}", "", ["wireguard-key .private_key"], id="padding cut"),
        pytest.param("private_key: hunter2", "", ["wireguard-key .private_key"], id="no base64"),
        pytest.param("private_key_file: key", "", ["path-not-absolute .private_key_file"], id="relative"),
        pytest.param(f"private_key: {KEY}, listen_port: 65536", "", ["out-of-range .listen_port"], id="port"),
        pytest.param(
            f"private_key: {KEY}",
            "{public_key: AAAA, allowed_ips: [10.9.0.2/32]}",
            ["wireguard-key .peers[0].public_key"],
            id="peer's key cut",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{{PEER}, preshared_key: AAAA}}",
            ["wireguard-key .peers[0].preshared_key"],
            id="preshared key cut",
        ),
        pytest.param(
            f"private_key: {KEY}", f"{{{PEER}, endpoint: 'a.example:1'}}", [], id="endpoint by name"
        ),
        pytest.param(
            f"private_key: {KEY}", f"{{{PEER}, endpoint: '[fd00::1]:1'}}", [], id="endpoint of IPv6"
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{{PEER}, endpoint: 'fd00::1:1'}}",
            ["wireguard-endpoint .peers[0].endpoint"],
            id="endpoint of IPv6 without brackets",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{{PEER}, endpoint: a.example}}",
            ["wireguard-endpoint .peers[0].endpoint"],
            id="endpoint without port",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{public_key: {KEY}}}",
            ["wireguard-no-networks .peers[0]"],
            id="peer of no network",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{public_key: {KEY}, allowed_ips: [10.9.0.2]}}",
            ["network-address .peers[0].allowed_ips[0]"],
            id="no prefix",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{{PEER}}}, {{{PEER}}}",
            ["wireguard-peer-twice .peers[1].public_key", "wireguard-network-twice .peers[1].allowed_ips[0]"],
            id="peer twice",
        ),
        pytest.param(
            f"private_key: {KEY}",
            f"{{{PEER}}}, {{public_key: {OTHER_KEY}, allowed_ips: [10.9.0.2/32]}}",
            ["wireguard-network-twice .peers[1].allowed_ips[0]"],
            id="network of two peers",
        ),
    ],
)
def test_a_tunnel(fields: str, peer: str, expected: list[str]) -> None:
    assert tunnel(fields, peer) == expected
