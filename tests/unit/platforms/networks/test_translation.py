"""What clouds and drives say about the network, and the section that comes of it: written as a person would."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from msgspec import json, to_builtins

from provision.errors import SourceError
from provision.findings import Severity
from provision.platforms.networks import azure, digitalocean, ec2, openstack, packet, vmware
from provision.platforms.networks.described import network
from provision.sections.network import check
from provision.sections.network.types import Network


def shown(made: Network | None) -> list[dict[str, Any]]:
    """The entries without what they do not say; each must be what the language takes."""
    assert made is not None
    problems = [problem for problem in check(made, ("network",)) if problem.severity is Severity.ERROR]
    assert problems == []
    return [_said(to_builtins(entry)) for entry in made.interfaces]


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items() if item not in (None, (), {})}
    return [_said(item) for item in value] if isinstance(value, (tuple, list)) else value


OPENSTACK = """
links:
- {id: tap1a81968a-79, type: ovs, ethernet_mac_address: "FA:16:3E:9C:BF:3D", mtu: 1450, vif_id: 1a81968a}
- {id: tap2, type: phy, ethernet_mac_address: "fa:16:3e:d4:57:ad"}
networks:
- id: network0
  link: tap1a81968a-79
  type: ipv4
  ip_address: 172.19.1.34
  netmask: 255.255.252.0
  routes:
  - {network: 0.0.0.0, netmask: 0.0.0.0, gateway: 172.19.3.254}
  - {network: 10.0.0.0, netmask: 255.0.0.0, gateway: 172.19.3.253}
  services: [{type: dns, address: 9.9.9.9}]
- {id: network1, link: tap1a81968a-79, type: ipv6, ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::",
   routes: [{network: "::", netmask: "::", gateway: "2001:db8::1"}]}
- {id: network2, link: tap2, type: ipv4_dhcp}
services: [{type: dns, address: 172.19.0.12}]
"""


def test_network_data_of_openstack() -> None:
    data = msgspec.convert(yaml.safe_load(OPENSTACK), openstack.NetworkData)

    made, warnings = openstack.network(data)

    assert shown(made) == [
        {
            "name": "nic0",
            "match": {"mac": "fa:16:3e:9c:bf:3d"},
            "addresses": ["172.19.1.34/22", "2001:db8::5/64"],
            "gateway": "172.19.3.254",
            "gateway6": "2001:db8::1",
            "routes": [{"destination": "10.0.0.0/8", "gateway": "172.19.3.253"}],
            "dns": ["9.9.9.9", "172.19.0.12"],
            "mtu": 1450,
        },
        {"name": "nic1", "match": {"mac": "fa:16:3e:d4:57:ad"}, "dhcp": "ipv4", "dns": ["172.19.0.12"]},
    ]
    assert warnings == ()


def test_network_data_of_an_ironic_machine_with_a_bond_and_a_vlan() -> None:
    data = openstack.NetworkData(
        links=(
            openstack.Link("a", "phy", "52:54:00:00:00:01"),
            openstack.Link("b", "phy", "52:54:00:00:00:02"),
            openstack.Link("c", "bond", "52:54:00:00:00:01", bond_links=("a", "b"), bond_mode="4"),
            openstack.Link("d", "vlan", vlan_link="c", vlan_id=602),
        ),
        networks=(openstack.Net("d", "ipv6_slaac"), openstack.Net("c", "ipv7")),
    )

    made, warnings = openstack.network(data)

    assert shown(made) == [
        {"name": "nic0", "match": {"mac": "52:54:00:00:00:01"}},
        {"name": "nic1", "match": {"mac": "52:54:00:00:00:02"}},
        {
            "name": "bond2",
            "bond": {"members": ["nic0", "nic1"], "mode": "802.3ad", "miimon": 100},
            "mac": "52:54:00:00:00:01",
        },
        {"name": "vlan3", "vlan": {"parent": "bond2", "id": 602}, "accept_ra": True},
    ]
    assert warnings == ("network_data.json: networks of type 'ipv7' are not carried out",)


DESCRIBED = [
    pytest.param(
        """
        version: 1
        config:
        - type: physical
          name: eth0
          mac_address: "52:54:00:12:34:00"
          mtu: 9000
          subnets:
          - {type: static, address: 192.168.1.10/24, gateway: 192.168.1.254, dns_nameservers: [192.168.1.1],
             dns_search: lab.example}
          - {type: static6, address: "2001:db8::10/64", gateway: "2001:db8::1"}
        - {type: nameserver, address: 8.8.8.8, search: [example]}
        - {type: route, destination: 10.0.0.0/8, gateway: 192.168.1.253, metric: 3}
        """,
        [
            {
                "name": "eth0",
                "match": {"mac": "52:54:00:12:34:00"},
                "addresses": ["192.168.1.10/24", "2001:db8::10/64"],
                "gateway": "192.168.1.254",
                "gateway6": "2001:db8::1",
                "routes": [{"destination": "10.0.0.0/8", "gateway": "192.168.1.253", "metric": 3}],
                "dns": ["192.168.1.1", "8.8.8.8"],
                "domains": ["lab.example", "example"],
                "mtu": 9000,
            }
        ],
        [],
        id="1: static, with everything",
    ),
    pytest.param(
        """
        version: 1
        config:
        - {type: loopback, name: lo}
        - {type: physical, name: ens3, subnets: [{type: dhcp}, {type: dhcp6}]}
        - {type: physical, name: ens4, subnets: [{type: manual}]}
        - {type: wifi, name: wlan0}
        """,
        [
            {"name": "ens3", "match": {"name": "ens3"}, "dhcp": True},
            {"name": "ens4", "match": {"name": "ens4"}},
        ],
        ["network configuration: entries of type 'wifi' are not carried out"],
        id="1: DHCP, and what is not carried out",
    ),
    pytest.param(
        """
        version: 1
        config:
        - {type: physical, name: a, mac_address: "52:54:00:12:34:00"}
        - {type: physical, name: b, mac_address: "52:54:00:12:34:02"}
        - {type: bond, name: bond0, bond_interfaces: [a, b],
           params: {bond-mode: active-backup, bond_miimon: 50, bond-xmit-hash-policy: layer3+4}}
        - {type: vlan, name: bond0.10, vlan_link: bond0, vlan_id: 10,
           subnets: [{type: static, address: 10.0.10.2, netmask: 255.255.255.0}]}
        - {type: bridge, name: br0, bridge_interfaces: [], subnets: [{type: ipv6_slaac}]}
        """,
        [
            {"name": "a", "match": {"mac": "52:54:00:12:34:00"}},
            {"name": "b", "match": {"mac": "52:54:00:12:34:02"}},
            {
                "name": "bond0",
                "bond": {
                    "members": ["a", "b"],
                    "mode": "active-backup",
                    "miimon": 50,
                },
            },
            {"name": "bond0.10", "vlan": {"parent": "bond0", "id": 10}, "addresses": ["10.0.10.2/24"]},
            {"name": "br0", "bridge": {}, "accept_ra": True},
        ],
        [],
        id="1: bond, VLAN, bridge",
    ),
    pytest.param(
        """
        network:
          version: 2
          renderer: networkd
          ethernets:
            id0:
              match: {macaddress: "52:54:00:12:34:00"}
              set-name: lan0
              dhcp4: true
              dhcp4-overrides: {use-dns: false, route-metric: 50}
              optional: true
              wakeonlan: true
            ens4:
              addresses: [10.0.0.2/24, "2001:db8::2/64"]
              gateway4: 10.0.0.1
              nameservers: {addresses: [1.1.1.1], search: [lab]}
              routes:
              - {to: 172.16.0.0/12, via: 10.0.0.9, metric: 5, on-link: true}
              - {to: default, via: "2001:db8::1"}
        """,
        [
            {
                "name": "id0",
                "match": {"mac": "52:54:00:12:34:00"},
                "device_name": "lan0",
                "dhcp": "ipv4",
                "dhcp4": {"use_dns": False, "route_metric": 50},
                "required_for_online": False,
            },
            {
                "name": "ens4",
                "match": {"name": "ens4"},
                "addresses": ["10.0.0.2/24", "2001:db8::2/64"],
                "gateway": "10.0.0.1",
                "gateway6": "2001:db8::1",
                "routes": [
                    {"destination": "172.16.0.0/12", "gateway": "10.0.0.9", "on_link": True, "metric": 5}
                ],
                "dns": ["1.1.1.1"],
                "domains": ["lab"],
            },
        ],
        ["network configuration: ethernets.id0: 'wakeonlan' is not carried out"],
        id="2: cards",
    ),
    pytest.param(
        """
        version: 2
        ethernets: {eth1: {}, eth2: {}}
        bonds: {bond0: {interfaces: [eth1, eth2], parameters: {mode: 802.3ad, lacp-rate: fast}, dhcp4: true}}
        vlans: {vlan20: {id: 20, link: bond0, addresses: [10.20.0.2/24]}}
        bridges: {br0: {interfaces: [vlan20]}}
        wifis: {wlan0: {}}
        """,
        [
            {"name": "eth1", "match": {"name": "eth1"}},
            {"name": "eth2", "match": {"name": "eth2"}},
            {
                "name": "bond0",
                "bond": {
                    "members": ["eth1", "eth2"],
                    "mode": "802.3ad",
                    "miimon": 100,
                    "lacp_rate": "fast",
                },
                "dhcp": "ipv4",
            },
            {"name": "br0", "bridge": {"members": ["vlan20"]}},
            {"name": "vlan20", "vlan": {"parent": "bond0", "id": 20}, "addresses": ["10.20.0.2/24"]},
        ],
        ["network configuration: 'wifis' is not carried out"],
        id="2: bond, VLAN, bridge, and what is not carried out",
    ),
]


@pytest.mark.parametrize(("text", "entries", "warnings"), DESCRIBED)
def test_a_description_of_cloud_init(text: str, entries: list[dict[str, Any]], warnings: list[str]) -> None:
    made, said = network(yaml.safe_load(text))

    assert shown(made) == entries
    assert list(said) == warnings


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("version: 3", id="another version"),
        pytest.param("ethernets: {}", id="no version"),
        pytest.param("{version: 1, config: {}}", id="version 1 without a list"),
        pytest.param("{version: 1, config: [{name: eth0}]}", id="no type"),
        pytest.param(
            "{version: 1, config: [{type: physical, name: a, subnets: [{type: static, address: x}]}]}",
            id="no address",
        ),
        pytest.param(
            "{version: 2, ethernets: {a: {addresses: [10.0.0.300/24]}}}", id="no address in version 2"
        ),
        pytest.param("{version: 2, ethernets: {a: {mtu: large}}}", id="no number"),
        pytest.param(
            "{version: 2, ethernets: {a: {routes: [{to: nowhere, via: 10.0.0.1}]}}}", id="no network"
        ),
        pytest.param("{network: 5}", id="no mapping"),
    ],
)
def test_a_description_that_breaks_its_own_rules_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        network(yaml.safe_load(text))


def test_a_description_can_say_that_there_is_none() -> None:
    assert network({"config": "disabled"}) == (None, ())


def test_interfaces_of_ec2_with_more_addresses_and_a_second_card() -> None:
    made = ec2.network(
        (
            ec2.Nic("06:17:04:D7:26:0A", ("1",), ("172.31.45.70",), ("172.31.32.0/20",)),
            ec2.Nic(
                "06:17:04:d7:26:09",
                ("0",),
                ("172.31.16.1", "172.31.16.2"),
                ("172.31.16.0/20",),
                ("2600:1f16::1",),
            ),
        )
    )

    assert shown(made) == [
        {
            "name": "nic0",
            "match": {"mac": "06:17:04:d7:26:09"},
            "dhcp": True,
            "dhcp4": {"route_metric": 100},
            "addresses": ["172.31.16.2/20"],
        },
        {
            "name": "nic1",
            "match": {"mac": "06:17:04:d7:26:0a"},
            "dhcp": "ipv4",
            "dhcp4": {"route_metric": 200},
            "routes": [{"destination": "0.0.0.0/0", "gateway": "172.31.32.1", "table": 101}],
            "rules": [{"source": "172.31.45.70/32", "table": 101}],
        },
    ]


def test_interfaces_of_azure() -> None:
    text = b"""{"interface": [{"ipv4": {"ipAddress": [
        {"privateIpAddress": "10.0.0.4", "publicIpAddress": "104.46.124.81"}, {"privateIpAddress": "10.0.0.5"}],
        "subnet": [{"address": "10.0.0.0", "prefix": "24"}]}, "ipv6": {"ipAddress": []},
        "macAddress": "000D3A047598"}]}"""

    assert shown(azure.network(json.decode(text, type=azure.Nics))) == [
        {
            "name": "nic0",
            "match": {"mac": "00:0d:3a:04:75:98"},
            "dhcp": "ipv4",
            "dhcp4": {"route_metric": 100},
            "addresses": ["10.0.0.5/24"],
        }
    ]


def test_interfaces_of_digitalocean() -> None:
    text = b"""{"public": [{"ipv4": {"ip_address": "104.131.20.105", "netmask": "255.255.192.0",
        "gateway": "104.131.0.1"}, "ipv6": {"ip_address": "2604:A880:0800:0010::017D:2001", "cidr": 64,
        "gateway": "2604:A880:0800:0010::1"}, "anchor_ipv4": {"ip_address": "10.17.0.5",
        "netmask": "255.255.0.0", "gateway": "10.17.0.1"}, "mac": "04:01:2A:0F:2A:01", "type": "public"}],
        "private": [{"ipv4": {"ip_address": "10.132.255.113", "netmask": "255.255.0.0",
        "gateway": "10.132.0.1"}, "mac": "04:01:2a:0f:2a:02", "type": "private"}]}"""
    nics = json.decode(text, type=digitalocean.Nics)

    assert shown(digitalocean.network(nics, digitalocean.Dns(("67.207.67.2",)))) == [
        {
            "name": "public0",
            "match": {"mac": "04:01:2a:0f:2a:01"},
            "addresses": ["104.131.20.105/18", "10.17.0.5/16", "2604:A880:0800:0010::017D:2001/64"],
            "gateway": "104.131.0.1",
            "gateway6": "2604:A880:0800:0010::1",
            "dns": ["67.207.67.2"],
        },
        {"name": "private0", "match": {"mac": "04:01:2a:0f:2a:02"}, "addresses": ["10.132.255.113/16"]},
    ]


def test_interfaces_of_packet_are_one_bond() -> None:
    net = packet.Net(
        interfaces=(packet.Nic("eth0", "0c:c4:7a:b5:83:3a"), packet.Nic("eth1", "0c:c4:7a:b5:83:3b")),
        addresses=(
            packet.Address("147.75.94.11", 31, "147.75.94.10", public=True, address_family=4),
            packet.Address("2604:1380::1", 127, "2604:1380::", public=True, address_family=6),
            packet.Address("10.88.12.1", 31, "10.88.12.0", public=False, address_family=4),
        ),
    )

    assert shown(packet.network(net))[2] == {
        "name": "bond0",
        "bond": {"members": ["eth0", "eth1"], "mode": "802.3ad", "miimon": 100},
        "mac": "0c:c4:7a:b5:83:3a",
        "addresses": ["147.75.94.11/31", "2604:1380::1/127", "10.88.12.1/31"],
        "gateway": "147.75.94.10",
        "gateway6": "2604:1380::",
        "routes": [{"destination": "10.0.0.0/8", "gateway": "10.88.12.0"}],
    }


def test_guestinfo_variables_of_coreos() -> None:
    variables = {
        "hostname": "node1",
        "dns.server.0": "10.0.0.53",
        "dns.server.2": "10.0.0.55",
        "dns.domain.0": "lab.example",
        "interface.0.name": "ens192",
        "interface.0.mac": "00:0C:29:63:92:5D",
        "interface.0.role": "public",
        "interface.0.ip.0.address": "10.0.0.10/24",
        "interface.0.route.0.gateway": "10.0.0.1",
        "interface.0.route.0.destination": "0.0.0.0/0",
        "interface.0.route.1.gateway": "10.0.0.9",
        "interface.0.route.1.destination": "192.168.0.0/16",
        "interface.1.name": "ens224",
        "interface.1.dhcp": "yes",
        "interface.3.name": "behind a gap",
    }

    assert shown(vmware.network(lambda name: variables.get(name, ""))) == [
        {
            "name": "nic0",
            "match": {"mac": "00:0c:29:63:92:5d"},
            "addresses": ["10.0.0.10/24"],
            "gateway": "10.0.0.1",
            "routes": [{"destination": "192.168.0.0/16", "gateway": "10.0.0.9"}],
            "dns": ["10.0.0.53"],
            "domains": ["lab.example"],
        },
        {
            "name": "nic1",
            "match": {"name": "ens224"},
            "dhcp": True,
            "dns": ["10.0.0.53"],
            "domains": ["lab.example"],
        },
    ]
