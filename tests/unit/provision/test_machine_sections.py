"""Sections `hostname`, `units`, `network` and `etcd`: accepts and refuses."""

from __future__ import annotations

import json

import pytest

from tests.unit.provision.checks import codes


@pytest.mark.parametrize(
    "name", ["a", "node-1", "3com", "node1.lab.example", "${facts.machine_id}", "a" * 63]
)
def test_a_hostname_is_accepted(name: str) -> None:
    assert codes(json.dumps({"hostname": name})) == []


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a_b", "a..b", "a.", "a b", "é", "a\n", "a" * 64, "a" * 40 + "." + "b" * 40]
)
def test_a_hostname_is_refused(name: str) -> None:
    assert codes(json.dumps({"hostname": name})) == ["hostname hostname"]


def unit(**fields: object) -> list[str]:
    return codes(json.dumps({"units": [{"name": "a.service", **fields}]}))


@pytest.mark.parametrize(
    "name", ["a.service", "a@.service", "a@b-c.timer", "srv-data.mount", r"a\x2db.socket"]
)
def test_a_unit_name_is_accepted(name: str) -> None:
    assert unit(name=name, enable=False) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("a", "unit-name", id="no suffix"),
        pytest.param("a.servce", "unit-suffix", id="misspelt suffix"),
        pytest.param("a/b.service", "unit-name", id="slash"),
        pytest.param("a b.service", "unit-name", id="space"),
        pytest.param("a" * 250 + ".service", "unit-name", id="too long"),
    ],
)
def test_a_unit_name_is_refused(name: str, code: str) -> None:
    assert unit(name=name, enable=False) == [f"{code} units[0].name"]


SERVICE = "[Service]\nExecStart=/bin/true\n"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"content": SERVICE}, [], id="text alone"),
        pytest.param({"content": SERVICE + INSTALL, "enable": True}, [], id="enabled with [Install]"),
        pytest.param({"enable": True}, [], id="the system's own unit"),
        pytest.param({"mask": True}, [], id="masked"),
        pytest.param(
            {"content": f"# c\n; d\n\n{SERVICE}ExecStop=/bin/a \\\n  b c\n"}, [], id="continued line"
        ),
        pytest.param(
            {"content": "[Service]\nExecStart=/bin/a \\\n# c\n  b\n"}, [], id="comment in a continued line"
        ),
        pytest.param({"content": f"{SERVICE}[X-App]\na=b\n"}, [], id="section for an application"),
        pytest.param(
            {"content": SERVICE, "enable": True}, ["unit-no-install units[0].enable"], id="no [Install]"
        ),
        pytest.param(
            {
                "content": SERVICE,
                "enable": True,
                "dropins": [{"name": "a.conf", "content": INSTALL}],
            },
            [],
            id="[Install] in a drop-in",
        ),
        pytest.param({"content": " \n"}, ["unit-empty units[0].content"], id="empty means masked"),
        pytest.param(
            {"content": f"a=b\n{SERVICE}"}, ["unit-syntax units[0].content"], id="before any section"
        ),
        pytest.param({"content": "[Service\na=b"}, ["unit-syntax units[0].content"], id="open header"),
        pytest.param({"content": f"{SERVICE}garbage"}, ["unit-syntax units[0].content"], id="no assignment"),
        pytest.param(
            {"content": "[Timer]\na=b"}, ["unit-section units[0].content"], id="section of another type"
        ),
        pytest.param({}, ["unit-nothing units[0]"], id="nothing asked"),
        pytest.param(
            {"mask": True, "enable": True}, ["unit-mask-enable units[0].mask"], id="mask and enable"
        ),
        pytest.param(
            {"mask": True, "content": SERVICE}, ["unit-mask-content units[0].mask"], id="mask and text"
        ),
        pytest.param(
            {"dropins": [{"name": "a", "content": SERVICE}]},
            ["dropin-name units[0].dropins[0].name"],
            id="drop-in without .conf",
        ),
        pytest.param(
            {"dropins": [{"name": "../a.conf", "content": SERVICE}]},
            ["dropin-name units[0].dropins[0].name"],
            id="drop-in elsewhere",
        ),
        pytest.param(
            {"dropins": [{"name": "a.conf", "content": SERVICE}, {"name": "a.conf", "content": SERVICE}]},
            ["duplicate-name units[0].dropins[1].name"],
            id="drop-in twice",
        ),
    ],
)
def test_a_unit(fields: dict[str, object], expected: list[str]) -> None:
    assert unit(**fields) == expected


def interface(**fields: object) -> list[str]:
    base = {"name": "lan", "match": {"name": "eth0"}, "dhcp": True}
    found = codes(json.dumps({"network": {"interfaces": [{**base, **fields}]}}))
    return [code.replace(" network.interfaces[0]", " ") for code in found]


STATIC = {"dhcp": False, "addresses": ["10.0.0.2/24"]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"match": {"mac": "52:54:00:Ab:34:56"}}, [], id="MAC"),
        pytest.param({"match": {"mac": "52-54-00-12-34-56"}}, [], id="MAC with hyphens"),
        pytest.param({"match": {"mac": "52:54-00:12:34:56"}}, ["mac .match.mac"], id="mixed MAC"),
        pytest.param({"match": {"mac": "52:54:00:12:34"}}, ["mac .match.mac"], id="short MAC"),
        pytest.param({"match": {}}, ["network-match .match"], id="match nothing"),
        pytest.param({"match": {"name": "a b"}}, ["interface-match .match.name"], id="two names"),
        pytest.param({"name": "../x"}, ["interface-name .name"], id="name leaves the folder"),
        pytest.param({"dhcp": "ipv6"}, [], id="one family"),
        pytest.param({"dhcp": "both"}, ["wrong-type .dhcp"], id="no such family"),
        pytest.param({"dhcp": False}, ["network-no-address "], id="no address at all"),
        pytest.param({**STATIC, "gateway": "10.0.0.1"}, [], id="gateway within reach"),
        pytest.param(
            {**STATIC, "gateway": "10.0.1.1"}, ["gateway-unreachable .gateway"], id="gateway out of reach"
        ),
        pytest.param({"gateway": "10.0.1.1"}, [], id="gateway, and DHCP decides the network"),
        pytest.param({"gateway": "gw"}, ["ip .gateway"], id="gateway by name"),
        pytest.param({"addresses": ["fd00::2/64"]}, [], id="IPv6"),
        pytest.param({"addresses": ["10.0.0.2/31"]}, [], id="point to point, RFC 3021"),
        pytest.param({"addresses": ["10.0.0.2"]}, ["address .addresses[0]"], id="no prefix"),
        pytest.param({"addresses": ["10.0.0.0/24"]}, ["address .addresses[0]"], id="network address"),
        pytest.param({"addresses": ["10.0.0.2/33"]}, ["address .addresses[0]"], id="prefix too long"),
        pytest.param({"addresses": ["10.0.0.2/255.0.0.0"]}, ["address .addresses[0]"], id="netmask"),
        pytest.param({"dns": ["10.0.0.1", "fd00::1"]}, [], id="name servers"),
        pytest.param({"dns": ["dns.example"]}, ["ip .dns[0]"], id="name server by name"),
        pytest.param({"domains": ["lab.example", "~corp.example", "~."]}, [], id="domains"),
        pytest.param({"domains": ["a b"]}, ["domain .domains[0]"], id="no domain"),
        pytest.param({"mtu": 67}, ["out-of-range .mtu"], id="MTU below IPv4's least"),
        pytest.param(
            {"routes": [{"destination": "0.0.0.0/0", "gateway": "10.0.0.1", "metric": 5}]},
            [],
            id="default route",
        ),
        pytest.param(
            {"routes": [{"destination": "10.0.0.1/8", "gateway": "10.0.0.1"}]},
            ["network-address .routes[0].destination"],
            id="host bits",
        ),
        pytest.param(
            {"routes": [{"destination": "fd00::/8", "gateway": "10.0.0.1"}]},
            ["network-family .routes[0].gateway"],
            id="families mixed",
        ),
    ],
)
def test_an_interface(fields: dict[str, object], expected: list[str]) -> None:
    assert interface(**fields) == expected


def etcd(**fields: object) -> list[str]:
    return codes(json.dumps({"etcd": {"discovery": "http://10.0.0.1:8080/discovery/abc", **fields}}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, [], id="defaults"),
        pytest.param({"discovery": "https://discovery.example/abc"}, [], id="https"),
        pytest.param({"discovery": "etcd://h/abc"}, ["url etcd.discovery"], id="scheme"),
        pytest.param({"discovery": "http://h"}, ["etcd-discovery etcd.discovery"], id="no token"),
        pytest.param({"discovery": "http://h/"}, ["etcd-discovery etcd.discovery"], id="empty token"),
        pytest.param({"name": "a=b"}, ["etcd-name etcd.name"], id="name that breaks the member list"),
        pytest.param({"data_dir": "data"}, ["path-not-absolute etcd.data_dir"], id="relative data"),
        pytest.param(
            {"listen_peer_urls": ["http://h:2380"]},
            ["etcd-url etcd.listen_peer_urls[0]"],
            id="listen by name",
        ),
        pytest.param({"advertise_peer_urls": ["http://h:2380"]}, [], id="advertise by name"),
        pytest.param(
            {"advertise_peer_urls": ["http://h"]}, ["etcd-url etcd.advertise_peer_urls[0]"], id="no port"
        ),
        pytest.param(
            {"advertise_peer_urls": ["http://h:1/p"]}, ["etcd-url etcd.advertise_peer_urls[0]"], id="path"
        ),
        pytest.param({"listen_client_urls": []}, ["etcd-no-url etcd.listen_client_urls"], id="no URL"),
        pytest.param(
            {"settings": {"snapshot-count": 5000, "pre-vote": True, "log-level": "info"}}, [], id="settings"
        ),
        pytest.param(
            {"settings": {"snapshotcount": 1}}, ["etcd-setting etcd.settings.snapshotcount"], id="misspelt"
        ),
        pytest.param(
            {"settings": {"data-dir": "/a"}}, ["etcd-setting etcd.settings.data-dir"], id="has a field"
        ),
        pytest.param(
            {"settings": {"log-level": "a\nb"}}, ["etcd-setting etcd.settings.log-level"], id="line break"
        ),
    ],
)
def test_etcd(fields: dict[str, object], expected: list[str]) -> None:
    assert etcd(**fields) == expected
