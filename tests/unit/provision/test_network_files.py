"""The files of systemd-networkd, written out in full: systemd.network(5), systemd.netdev(5), systemd.link(5)."""

from __future__ import annotations

import pytest

from provision.actions import WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document

PRIVATE_KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PUBLIC_KEY = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
PRESHARED_KEY = "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE="


def actions(interfaces: str) -> dict[str, WriteFile]:
    """By file name; the interfaces are in YAML's flow form."""
    loaded = load_bytes(f"network: {{interfaces: [{interfaces}]}}".encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    steps = plan_document(loaded.document, Facts())
    found = [step.action for step in steps if isinstance(step.action, WriteFile)]
    return {action.path.removeprefix("/etc/systemd/network/"): action for action in found}


def files(interfaces: str) -> dict[str, str]:
    texts = {}
    for name, action in actions(interfaces).items():
        assert isinstance(action.content, bytes)
        texts[name] = action.content.decode()
    return texts


def test_an_interface_is_matched_by_driver_and_path() -> None:
    assert files("{name: lan, match: {driver: virtio_net, path: 'pci-*'}, dhcp: true}") == {
        "10-lan.network": "[Match]\nDriver=virtio_net\nPath=pci-*\n\n[Network]\nDHCP=yes\n"
    }


def test_everything_about_dynamic_addresses() -> None:
    text = """
{name: lan, match: {name: eth0}, dhcp: true, link_local: true, accept_ra: true, ipv6_privacy: prefer-public,
 ntp: [ntp.example, 10.0.0.1], required_for_online: degraded, mac: 52-54-00-00-00-0A,
 dhcp4: {use_dns: false, use_ntp: false, use_routes: true, use_gateway: false, use_domains: route,
  use_hostname: false, use_mtu: true, send_hostname: true, hostname: node1, client_identifier: mac,
  route_metric: 50},
 dhcp6: {use_address: true, use_dns: false, use_ntp: false, use_domains: true, use_hostname: false,
  without_ra: solicit},
 ra: {use_addresses: true, use_gateway: true, use_dns: false, use_domains: route, token: '::5',
  route_metric: 60}}
"""
    assert files(text) == {
        "10-lan.network": """\
[Match]
Name=eth0

[Link]
MACAddress=52:54:00:00:00:0a
RequiredForOnline=degraded

[Network]
DHCP=yes
LinkLocalAddressing=yes
IPv6AcceptRA=yes
IPv6PrivacyExtensions=prefer-public
NTP=ntp.example
NTP=10.0.0.1

[DHCPv4]
UseDNS=no
UseNTP=no
UseRoutes=yes
UseGateway=no
UseDomains=route
UseHostname=no
UseMTU=yes
SendHostname=yes
Hostname=node1
ClientIdentifier=mac
RouteMetric=50

[DHCPv6]
UseAddress=yes
UseDNS=no
UseNTP=no
UseDomains=yes
UseHostname=no
WithoutRA=solicit

[IPv6AcceptRA]
UseAutonomousPrefix=yes
UseGateway=yes
UseDNS=no
UseDomains=route
Token=::5
RouteMetric=60
"""
    }


def test_routes_and_rules() -> None:
    text = """
{name: lan, match: {name: eth0}, addresses: [10.0.0.2/24, 'fd00::2/64'], gateway: 10.0.0.1, gateway6: 'fd00::1',
 routes: [
  {destination: 10.1.0.0/16, gateway: 10.9.0.1, on_link: true, metric: 5, table: 100, scope: global,
   preferred_source: 10.0.0.2},
  {destination: 10.2.0.0/16, type: blackhole},
  {destination: 10.3.0.0/16, scope: link, table: local}],
 rules: [
  {source: 10.0.0.0/24, destination: 10.1.0.0/16, table: 100, priority: 10},
  {firewall_mark: 7, incoming_interface: eth0, outgoing_interface: eth1, type: unreachable, family: both}]}
"""
    assert files(text) == {
        "10-lan.network": """\
[Match]
Name=eth0

[Network]
IPv6AcceptRA=no
Address=10.0.0.2/24
Address=fd00::2/64
Gateway=10.0.0.1
Gateway=fd00::1

[Route]
Destination=10.1.0.0/16
Gateway=10.9.0.1
GatewayOnLink=yes
Metric=5
Table=100
Scope=global
PreferredSource=10.0.0.2

[Route]
Destination=10.2.0.0/16
Type=blackhole

[Route]
Destination=10.3.0.0/16
Table=local
Scope=link

[RoutingPolicyRule]
From=10.0.0.0/24
To=10.1.0.0/16
Table=100
Priority=10

[RoutingPolicyRule]
FirewallMark=7
IncomingInterface=eth0
OutgoingInterface=eth1
Type=unreachable
Family=both
"""
    }


def test_a_vlan_does_not_match_what_is_meant_for_the_card_below_it() -> None:
    text = """
{name: lan, match: {mac: 52:54:00:12:34:56}, addresses: [10.0.0.2/24]},
{name: storage, vlan: {parent: lan, id: 20}, mac: 52:54:00:12:34:AA, mtu: 1400, addresses: [10.20.0.2/24]}
"""
    assert files(text) == {
        "10-lan.network": "[Match]\nMACAddress=52:54:00:12:34:56\nKind=!bond bridge vlan\n\n"
        "[Network]\nIPv6AcceptRA=no\nVLAN=storage\nAddress=10.0.0.2/24\n",
        "10-storage.network": "[Match]\nName=storage\n\n[Network]\nIPv6AcceptRA=no\nAddress=10.20.0.2/24\n",
        "10-storage.netdev": "[NetDev]\nName=storage\nKind=vlan\nMTUBytes=1400\nMACAddress=52:54:00:12:34:aa\n\n"
        "[VLAN]\nId=20\n",
    }


def test_a_bond_and_its_members_which_nobody_waits_for() -> None:
    text = """
{name: p1, match: {mac: 52:54:00:12:34:56}}, {name: p2, match: {name: eth1}},
{name: bond0, dhcp: ipv4, bond: {mode: balance-tlb, members: [p1, p2], miimon: 50, up_delay: 200, down_delay: 100,
 primary: p2, primary_reselect: better, hash_policy: layer3+4, min_links: 1}}
"""
    assert files(text) == {
        "10-p1.network": "[Match]\nPermanentMACAddress=52:54:00:12:34:56\n\n[Link]\nRequiredForOnline=no\n\n"
        "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nBond=bond0\n",
        "10-p2.network": "[Match]\nName=eth1\n\n[Link]\nRequiredForOnline=no\n\n"
        "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nBond=bond0\nPrimarySlave=yes\n",
        "10-bond0.network": "[Match]\nName=bond0\n\n[Network]\nDHCP=ipv4\n",
        "10-bond0.netdev": "[NetDev]\nName=bond0\nKind=bond\n\n"
        "[Bond]\nMode=balance-tlb\nMIIMonitorSec=50ms\nUpDelaySec=200ms\nDownDelaySec=100ms\n"
        "PrimaryReselectPolicy=better\nTransmitHashPolicy=layer3+4\nMinLinks=1\n",
    }


def test_a_bond_that_speaks_lacp() -> None:
    text = "{name: p, match: {name: eth1}}, {name: b, bond: {mode: 802.3ad, members: [p], lacp_rate: fast}, dhcp: true}"

    assert files(text)["10-b.netdev"] == (
        "[NetDev]\nName=b\nKind=bond\n\n[Bond]\nMode=802.3ad\nMIIMonitorSec=100ms\nLACPTransmitRate=fast\n"
    )


def test_a_bridge_and_its_member() -> None:
    text = """
{name: p1, match: {name: eth1}, required_for_online: true},
{name: br0, addresses: [10.0.0.1/24], bridge: {members: [p1], stp: true, forward_delay: 10, hello_time: 2,
 max_age: 18, ageing_time: 300, priority: 4096, vlan_filtering: true, multicast_snooping: false}}
"""
    assert files(text) == {
        "10-p1.network": "[Match]\nName=eth1\n\n[Link]\nRequiredForOnline=yes\n\n"
        "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nBridge=br0\n",
        "10-br0.network": "[Match]\nName=br0\n\n[Network]\nIPv6AcceptRA=no\nAddress=10.0.0.1/24\n",
        "10-br0.netdev": "[NetDev]\nName=br0\nKind=bridge\n\n"
        "[Bridge]\nSTP=yes\nForwardDelaySec=10\nHelloTimeSec=2\nMaxAgeSec=18\nAgeingTimeSec=300\nPriority=4096\n"
        "VLANFiltering=yes\nMulticastSnooping=no\n",
    }


def test_an_empty_bridge_has_its_address_at_once_and_no_boot_waits_for_it() -> None:
    assert files("{name: br0, bridge: {}, addresses: [10.0.0.1/24]}") == {
        "10-br0.network": "[Match]\nName=br0\n\n[Link]\nRequiredForOnline=no\n\n"
        "[Network]\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\nAddress=10.0.0.1/24\n",
        "10-br0.netdev": "[NetDev]\nName=br0\nKind=bridge\n",
    }


def test_a_vrf_and_its_member() -> None:
    text = "{name: lan, match: {name: eth0}, dhcp: true}, {name: blue, vrf: {table: 100, members: [lan]}}"

    assert files(text) == {
        "10-lan.network": "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\nVRF=blue\n",
        "10-blue.network": "[Match]\nName=blue\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nIPv6AcceptRA=no\n",
        "10-blue.netdev": "[NetDev]\nName=blue\nKind=vrf\n\n[VRF]\nTable=100\n",
    }


WIREGUARD = f"""
{{name: wg0, addresses: [10.9.0.1/24], wireguard: {{private_key: {PRIVATE_KEY}, listen_port: 51820,
 route_allowed_ips: true, peers: [
  {{public_key: {PUBLIC_KEY}, preshared_key: {PRESHARED_KEY}, endpoint: '[fd00::9]:51820',
   allowed_ips: [10.9.0.2/32, 'fd09::/64'], keepalive: 25}}]}}}}
"""


def test_a_tunnel() -> None:
    assert files(WIREGUARD) == {
        "10-wg0.network": "[Match]\nName=wg0\n\n[Network]\nIPv6AcceptRA=no\nAddress=10.9.0.1/24\n",
        "10-wg0.netdev": f"""\
[NetDev]
Name=wg0
Kind=wireguard

[WireGuard]
PrivateKey={PRIVATE_KEY}
ListenPort=51820
RouteTable=main

[WireGuardPeer]
PublicKey={PUBLIC_KEY}
PresharedKey={PRESHARED_KEY}
Endpoint=[fd00::9]:51820
AllowedIPs=10.9.0.2/32,fd09::/64
PersistentKeepalive=25
""",
    }


def test_only_networkd_may_read_a_key_and_no_diff_shows_it() -> None:
    netdev = actions(WIREGUARD)["10-wg0.netdev"]

    assert (netdev.mode, netdev.user, netdev.group, netdev.secret) == (0o640, "root", "systemd-network", True)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        pytest.param(f"preshared_key: {PRESHARED_KEY}", True, id="a key of a peer is secret too"),
        pytest.param("preshared_key_file: /etc/wg/peer", False, id="names of files are not"),
    ],
)
def test_what_makes_the_file_of_a_tunnel_secret(key: str, secret: bool) -> None:
    text = (
        "{name: wg0, addresses: [10.9.0.1/24], wireguard: {private_key_file: /etc/wg/key, "
        f"peers: [{{public_key: {PUBLIC_KEY}, allowed_ips: [10.9.0.2/32], {key}}}]}}}}"
    )

    netdev = actions(text)["10-wg0.netdev"]

    assert netdev.secret is secret
    assert netdev.mode == (0o640 if secret else 0o644)


def test_a_card_is_renamed_by_its_address() -> None:
    assert files("{name: up, match: {mac: 52:54:00:12:34:56}, device_name: up0, dhcp: true}") == {
        "10-up.network": "[Match]\nMACAddress=52:54:00:12:34:56\n\n[Network]\nDHCP=yes\n",
        "10-up.link": "[Match]\nMACAddress=52:54:00:12:34:56\nKind=!bond bridge vlan\n\n[Link]\nName=up0\n",
    }


def test_a_card_renamed_by_its_name_is_found_by_the_new_one() -> None:
    assert files("{name: up, match: {name: ens3, driver: igb}, device_name: up0, dhcp: true}") == {
        "10-up.network": "[Match]\nName=up0\nDriver=igb\n\n[Network]\nDHCP=yes\n",
        "10-up.link": "[Match]\nOriginalName=ens3\nDriver=igb\n\n[Link]\nName=up0\n",
    }


def test_a_card_that_gets_another_address_is_found_by_the_one_it_was_made_with() -> None:
    text = "{name: up, match: {mac: 52:54:00:12:34:56}, mac: 52:54:00:00:00:01, dhcp: true}"

    assert files(text)["10-up.network"] == (
        "[Match]\nPermanentMACAddress=52:54:00:12:34:56\n\n[Link]\nMACAddress=52:54:00:00:00:01\n\n"
        "[Network]\nDHCP=yes\n"
    )
