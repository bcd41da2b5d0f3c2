"""Section `network`: what is accepted and refused of interfaces together."""

from __future__ import annotations

import pytest

from tests.unit.provision.checks import network_codes as found

PORTS = "{name: p1, match: {name: eth1}}, {name: p2, match: {name: eth2}}"


def static(name: str, address: str, rest: str = "") -> str:
    return f"{{name: {name}, match: {{name: {name}}}, addresses: ['{address}']{rest and ', '}{rest}}}"


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        pytest.param([static("a", "10.0.0.1/24"), static("b", "10.0.1.1/24")], [], id="apart"),
        pytest.param(
            [static("a", "10.0.0.1/24"), static("b", "10.0.0.1/32")],
            ["duplicate-address [1].addresses[0]"],
            id="one address twice",
        ),
        pytest.param(
            [static("a", "fd00::1/128"), static("b", "fd00:0::0:1/128")],
            ["duplicate-address [1].addresses[0]"],
            id="one address written in two ways",
        ),
        pytest.param(
            [static("a", "10.0.0.1/24"), static("b", "10.0.0.2/24")],
            ["network-overlap [1].addresses[0]"],
            id="one network",
        ),
        pytest.param(
            [static("a", "10.0.0.1/24"), static("c", "10.1.0.1/24"), static("b", "10.2.0.2/8")],
            ["network-overlap [2].addresses[0]"] * 2,
            id="one network inside another",
        ),
        pytest.param(
            [
                static("a", "10.0.0.1/24"),
                static("b", "10.0.0.2/24"),
                "{name: v, vrf: {table: 9, members: [b]}}",
            ],
            [],
            id="one network in two routing domains",
        ),
        pytest.param(
            [static("a", "fe80::1/64"), static("b", "fe80::2/64")],
            [],
            id="every link has its link-local network",
        ),
        pytest.param(
            [
                static("a", "10.0.0.2/24", "gateway: 10.0.0.1"),
                static("b", "10.1.0.2/24", "gateway: 10.1.0.1"),
            ],
            ["two-default-gateways [1].gateway"],
            id="two default gateways",
        ),
        pytest.param(
            [
                static("a", "10.0.0.2/24", "gateway: 10.0.0.1"),
                static(
                    "b",
                    "10.1.0.2/24",
                    "routes: [{destination: 0.0.0.0/0, gateway: 10.1.0.1, metric: 50}]",
                ),
            ],
            [],
            id="a default gateway, and one in case",
        ),
        pytest.param(
            [
                static("a", "10.0.0.2/24", "gateway: 10.0.0.1"),
                static("b", "10.1.0.2/24", "routes: [{destination: 0.0.0.0/0, gateway: 10.1.0.1, table: 5}]"),
            ],
            [],
            id="a default gateway in each table",
        ),
        pytest.param(
            [PORTS, "{name: a, bridge: {members: [p1]}}", "{name: b, bridge: {members: [p2, p1]}}"],
            ["member-twice [3].bridge.members[1]"],
            id="a member used twice",
        ),
        pytest.param(
            ["{name: a, bridge: {members: [b]}}", "{name: b, bond: {mode: balance-rr, members: [a]}}"],
            ["network-loop [0].bridge.members[0]"],
            id="a loop",
        ),
        pytest.param(
            ["{name: a, vlan: {parent: a, id: 5}, dhcp: true}"],
            ["network-loop [0].vlan.parent"],
            id="on itself",
        ),
        pytest.param(
            [PORTS, "{name: a, bridge: {members: [p1]}}", "{name: b, bridge: {members: [a, p2]}}"],
            ["member-kind [3].bridge.members[0]"],
            id="bridge in a bridge",
        ),
        pytest.param(
            [static("p", "10.0.0.1/24"), "{name: a, bond: {mode: balance-rr, members: [p]}, dhcp: true}"],
            ["member-address [0].addresses"],
            id="address below a bond",
        ),
        pytest.param(
            [
                PORTS,
                "{name: a, vlan: {parent: p1, id: 5}, dhcp: true}",
                "{name: b, vlan: {parent: p1, id: 5}, dhcp: true}",
                "{name: c, vlan: {parent: p2, id: 5}, dhcp: true}",
            ],
            ["vlan-twice [3].vlan.id"],
            id="VLAN twice",
        ),
        pytest.param(
            [
                "{name: p, match: {name: eth0}, mtu: 1500}",
                "{name: a, vlan: {parent: p, id: 5}, mtu: 9000, dhcp: true}",
            ],
            ["vlan-mtu [1].mtu"],
            id="VLAN larger than its parent",
        ),
        pytest.param(
            [static("a", "10.0.0.1/24"), "{name: b, match: {name: a}, dhcp: true}"],
            ["duplicate-match [1].match"],
            id="one interface twice",
        ),
        pytest.param(
            ["{name: all, match: {name: '*'}, dhcp: true}", "{name: br0, bridge: {}}"],
            ["match-too-wide [0].match.name"],
            id="a pattern takes what is made",
        ),
        pytest.param(
            ["{name: zz, match: {name: '*'}, dhcp: true}", "{name: br0, bridge: {}}"],
            [],
            id="a pattern for the rest",
        ),
    ],
)
def test_interfaces_together(interfaces: list[str], expected: list[str]) -> None:
    given = [code for code in found(*interfaces) if not code.startswith("network-no-address [0]")]

    assert given == expected


def test_a_name_used_twice_is_told_once() -> None:
    assert found("{name: a, bridge: {}}", "{name: a, bridge: {}}") == ["duplicate-path [1].name"]


def test_many_interfaces_are_checked_in_no_time() -> None:
    count = 1500
    ports = [f"{{name: p{number}, match: {{name: 'en{number}*'}}}}" for number in range(count)]
    bridges = [f"{{name: b{number}, bridge: {{members: [p{number}]}}}}" for number in range(count)]

    assert found(*ports, *bridges) == []
