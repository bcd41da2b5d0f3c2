"""Section `etcd`: accepts and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.provision.checks import codes
from tests.unit.provision.etcd.configs import CLIENT, CLUSTER, IMAGE, PEER, URL

EVEN = "etcd-cluster-even .initial_cluster"


def findings(fields: dict[str, Any], **others: Any) -> list[str]:
    """Findings, without those about files that the config does not make; paths without `etcd`."""
    found = codes(json.dumps({"etcd": fields, **others}))
    return [code.replace(" etcd", " ", 1) for code in found if not code.startswith("etcd-file ")]


def static(cluster: object = CLUSTER, **fields: Any) -> list[str]:
    return findings({"initial_cluster": cluster, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"discovery": URL}, [], id="discovery"),
        pytest.param({"discovery": "http://d/"}, ["etcd-discovery .discovery"], id="no token"),
        pytest.param({"discovery": f"{URL}?a=b"}, ["etcd-discovery .discovery"], id="more than a token"),
        pytest.param({"initial_cluster": CLUSTER}, [], id="static"),
        pytest.param({"discovery_srv": "lab.example", "tls": {"peer": PEER}}, [], id="DNS"),
        pytest.param({}, ["etcd-no-cluster "], id="no way"),
        pytest.param(
            {"discovery": URL, "initial_cluster": CLUSTER}, ["etcd-cluster-twice .initial_cluster"], id="two"
        ),
        pytest.param(
            {"discovery": URL, "initial_cluster_token": "a"},
            ["etcd-cluster-token .initial_cluster_token"],
            id="discovery with a token of its own",
        ),
        pytest.param(
            {"discovery": URL, "initial_cluster_state": "existing"},
            ["etcd-cluster-state .initial_cluster_state"],
            id="discovery of a cluster that is there",
        ),
        pytest.param(
            {"discovery": URL, "discovery_srv_name": "blue"},
            ["etcd-srv .discovery_srv_name"],
            id="SRV name alone",
        ),
        pytest.param(
            {"discovery_srv": "_etcd.lab.example", "tls": {"peer": PEER}},
            ["etcd-srv .discovery_srv"],
            id="a record, not a domain",
        ),
        pytest.param(
            {"discovery_srv": "lab.example", "discovery_srv_name": "a.b", "tls": {"peer": PEER}},
            ["etcd-srv .discovery_srv_name"],
            id="no part of a service",
        ),
        pytest.param(
            {"discovery_srv": "lab.example"},
            ["etcd-srv-plain .discovery_srv"],
            id="DNS in clear with etcd 3.4",
        ),
        pytest.param(
            {"discovery_srv": "lab.example", "engine": "docker", "image": IMAGE}, [], id="in an image of 3.5"
        ),
    ],
)
def test_one_way_to_find_each_other(fields: dict[str, Any], expected: list[str]) -> None:
    assert findings(fields) == expected


@pytest.mark.parametrize(
    ("cluster", "fields", "expected"),
    [
        pytest.param(CLUSTER, {"name": "node2"}, [], id="this member is listed"),
        pytest.param(CLUSTER, {"name": "node9"}, ["etcd-not-listed .name"], id="it is not"),
        pytest.param({}, {}, ["etcd-cluster-empty .initial_cluster"], id="nobody"),
        pytest.param({"a": ["http://h:1"], "b": ["http://i:1"]}, {}, [EVEN], id="even"),
        pytest.param({"a": []}, {}, ["etcd-no-url .initial_cluster.a"], id="no URL"),
        pytest.param({"a=b": ["http://h:1"]}, {}, ["etcd-name .initial_cluster.a=b"], id="name"),
        pytest.param(
            {"${facts.hostname}": ["http://h:1"]},
            {},
            ["etcd-name .initial_cluster.${facts.hostname}"],
            id="a name that differs by machine",
        ),
        pytest.param(
            {"a": ["http://h:1"], "b": ["http://i:1", "http://h:1/"], "c": ["http://j:1"]},
            {},
            ["duplicate-url .initial_cluster.b[1]"],
            id="one address twice",
        ),
        pytest.param({"a": ["http://h"]}, {}, ["etcd-url .initial_cluster.a[0]"], id="no port"),
        pytest.param({"a": ["ftp://h:1"]}, {}, ["url .initial_cluster.a[0]"], id="scheme"),
        pytest.param(
            {"a": ["https://h:1"]}, {}, ["etcd-scheme .initial_cluster.a[0]"], id="https without TLS"
        ),
        pytest.param(
            CLUSTER,
            {"name": "node1", "advertise_peer_urls": ["http://10.77.0.11:2380/"]},
            [],
            id="told as listed",
        ),
        pytest.param(
            CLUSTER,
            {"name": "node1", "advertise_peer_urls": ["http://10.77.0.12:2380"]},
            ["etcd-advertise .advertise_peer_urls"],
            id="told otherwise",
        ),
    ],
)
def test_a_listed_cluster(cluster: object, fields: dict[str, Any], expected: list[str]) -> None:
    assert static(cluster, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"tls": {"client": CLIENT}, "listen_client_urls": ["https://10.0.0.1:2379"]}, [], id="client"
        ),
        pytest.param(
            {"tls": {"client": CLIENT}, "listen_client_urls": ["http://127.0.0.1:2379"]},
            ["etcd-scheme .listen_client_urls[0]"],
            id="in clear beside it",
        ),
        pytest.param(
            {"advertise_client_urls": ["https://${facts.ipv4}:2379"]},
            ["etcd-scheme .advertise_client_urls[0]"],
            id="https without TLS, though its address is not known yet",
        ),
        pytest.param(
            {"tls": {"peer": PEER}, "listen_client_urls": ["https://10.0.0.1:2379"]},
            ["etcd-scheme .listen_client_urls[0]"],
            id="TLS on the other side",
        ),
        pytest.param(
            {"settings": {"auto-tls": True}, "listen_client_urls": ["https://10.0.0.1:2379"]},
            [],
            id="certificates that etcd makes",
        ),
        pytest.param({"tls": {"client": {"key": "/a"}}}, ["missing-key .tls.client"], id="no certificate"),
        pytest.param({"tls": {"client": {"certificate": "/a"}}}, ["missing-key .tls.client"], id="no key"),
        pytest.param({"tls": {"peer": CLIENT}}, ["missing-key .tls.peer"], id="peers that trust everybody"),
        pytest.param(
            {"tls": {"client": {"certificate": "a", "key": "/b/../c"}}},
            ["path-not-absolute .tls.client.certificate", "path-not-normal .tls.client.key"],
            id="paths",
        ),
        pytest.param(
            {"tls": {"client": {"certificate": "/a", "key": "/a"}}},
            ["duplicate-path .tls.client.key"],
            id="one file",
        ),
        pytest.param(
            {"settings": {"cert-file": "/a"}},
            ["etcd-setting .settings.cert-file"],
            id="a setting with a field",
        ),
        pytest.param(
            {"settings": {"force-new-cluster": True}},
            ["etcd-setting .settings.force-new-cluster"],
            id="a setting for one start",
        ),
        pytest.param(
            {"settings": {"listen-metrics-urls": "10.0.0.1:1"}},
            ["url .settings.listen-metrics-urls"],
            id="where the agent asks",
        ),
    ],
)
def test_encryption(fields: dict[str, Any], expected: list[str]) -> None:
    assert findings({"discovery": URL, **fields}) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"engine": "podman", "image": IMAGE}, [], id="by digest"),
        pytest.param({"engine": "docker"}, ["etcd-engine .engine"], id="no image"),
        pytest.param({"image": IMAGE}, ["etcd-engine .image"], id="image on the host"),
        pytest.param({"engine": "docker", "image": "A b"}, ["image .image"], id="no image reference"),
        pytest.param({"engine": "docker", "image": "q.io/etcd:1"}, ["image-unpinned .image"], id="no digest"),
        pytest.param(
            {"engine": "podman", "image": IMAGE.removeprefix("quay.io/")},
            ["image-registry .image"],
            id="registry",
        ),
        pytest.param(
            {"engine": "podman", "image": IMAGE, "data_dir": "/srv/a b"},
            ["container-path .data_dir"],
            id="mount",
        ),
        pytest.param(
            {"engine": "podman", "image": IMAGE, "settings": {"client-crl-file": "/a:b/c"}},
            ["container-path .settings.client-crl-file"],
            id="mount of a setting",
        ),
    ],
)
def test_engines(fields: dict[str, Any], expected: list[str]) -> None:
    assert findings({"discovery": URL, **fields}) == expected


def key_file(**fields: Any) -> list[str]:
    section = {"discovery": URL, "tls": {"client": CLIENT}}
    engine = {"engine": fields.pop("engine"), "image": IMAGE} if "engine" in fields else {}
    file = {"path": CLIENT["key"], "content": "x", **fields}
    return findings({**section, **engine}, files=[file])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"mode": "0640", "group": "etcd"}, [], id="for etcd's group"),
        pytest.param({"mode": "0400", "user": "etcd"}, [], id="for etcd alone"),
        pytest.param({"mode": "0600", "user": 107}, [], id="a number that may be etcd's"),
        pytest.param({"mode": "0600", "engine": "docker"}, [], id="for root, in a container"),
        pytest.param({}, ["etcd-key-readable files[0].mode"], id="for everybody"),
        pytest.param(
            {"mode": "0644", "engine": "docker"}, ["etcd-key-readable files[0].mode"], id="in a container"
        ),
        pytest.param({"mode": "0600"}, ["etcd-file-unreadable files[0].mode"], id="not for etcd"),
        pytest.param(
            {"mode": "0604", "group": "etcd"},
            ["etcd-key-readable files[0].mode", "etcd-file-unreadable files[0].mode"],
            id="for all but etcd's group",
        ),
    ],
)
def test_who_reads_the_private_key(fields: dict[str, Any], expected: list[str]) -> None:
    assert key_file(**fields) == expected


def test_a_certificate_that_the_config_does_not_make_is_noted_and_one_that_it_removes_is_refused() -> None:
    etcd = {"discovery": URL, "tls": {"client": CLIENT}}

    files = [{"path": "/tls/client.crt", "absent": True}]

    assert codes(json.dumps({"etcd": etcd})) == [
        "etcd-file etcd.tls.client.certificate",
        "etcd-file etcd.tls.client.key",
    ]
    assert findings(etcd, files=files) == ["removed-file .tls.client.certificate"]


def test_a_container_of_the_members_name_is_made_twice() -> None:
    container = {"name": "etcd", "engine": "podman", "image": IMAGE}

    found = findings({"discovery": URL, "engine": "podman", "image": IMAGE}, containers=[container])

    assert found == ["duplicate-path ", "duplicate-path "]
