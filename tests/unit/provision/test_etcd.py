"""Section `etcd`: accepts and refuses, and what follows from what it says."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from provision.actions import EnableUnit, Step, WriteFile
from provision.errors import ProvisionError
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.etcd import DROPIN_PATH, claims, wal_path
from provision.sections.etcd.addresses import addresses, health_url
from provision.sections.etcd.types import ClientTls, Etcd, Tls
from tests.unit.provision.checks import codes
from tests.unit.provision.systemd_reader import arguments, settings, words

URL = "http://10.77.0.1:8080/discovery/abc"
CLUSTER = {f"node{number}": [f"http://10.77.0.1{number}:2380"] for number in (1, 2, 3)}
SECURE = {f"node{number}": [f"https://10.77.0.1{number}:2380"] for number in (1, 2, 3)}
CLIENT = {"certificate": "/tls/client.crt", "key": "/tls/client.key"}
PEER = {"certificate": "/etc/tls/peer.crt", "key": "/etc/tls/peer.key", "authority": "/etc/tls/ca.crt"}
IMAGE = "quay.io/coreos/etcd@sha256:" + "0" * 64
FACTS = Facts(hostname="booted", ipv4="10.77.0.11")
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


def steps(fields: dict[str, Any], hostname: str = "node1") -> tuple[Step, ...]:
    loaded = load_bytes(json.dumps({"hostname": hostname, "etcd": fields}).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return plan_document(loaded.document, FACTS)


def texts(fields: dict[str, Any]) -> dict[str, str]:
    actions = [step.action for step in steps(fields)]
    return {
        action.path: action.content.decode()
        for action in actions
        if isinstance(action, WriteFile) and isinstance(action.content, bytes)
    }


def environment(fields: dict[str, Any]) -> dict[str, str]:
    pairs = (words(value) for value in settings(texts(fields)[DROPIN_PATH], "Environment"))
    return dict(text.split("=", 1) for (text,) in pairs)


def test_a_listed_member_with_tls_says_so_to_etcd() -> None:
    tls = {"client": {**CLIENT, "authority": "/etc/tls/ca.crt"}, "peer": PEER}

    assert environment({"initial_cluster": SECURE, "initial_cluster_token": "lab 2", "tls": tls}) == {
        "ETCD_NAME": "node1",
        "ETCD_DATA_DIR": "/var/lib/etcd/default",
        "ETCD_INITIAL_CLUSTER": "node1=https://10.77.0.11:2380,node2=https://10.77.0.12:2380,"
        "node3=https://10.77.0.13:2380",
        "ETCD_INITIAL_CLUSTER_TOKEN": "lab 2",
        "ETCD_INITIAL_CLUSTER_STATE": "new",
        "ETCD_LISTEN_CLIENT_URLS": "https://10.77.0.11:2379,https://127.0.0.1:2379",
        "ETCD_LISTEN_PEER_URLS": "https://10.77.0.11:2380",
        "ETCD_ADVERTISE_CLIENT_URLS": "https://10.77.0.11:2379",
        "ETCD_INITIAL_ADVERTISE_PEER_URLS": "https://10.77.0.11:2380",
        "ETCD_CERT_FILE": "/tls/client.crt",
        "ETCD_KEY_FILE": "/tls/client.key",
        "ETCD_TRUSTED_CA_FILE": "/etc/tls/ca.crt",
        "ETCD_CLIENT_CERT_AUTH": "true",
        "ETCD_PEER_CERT_FILE": "/etc/tls/peer.crt",
        "ETCD_PEER_KEY_FILE": "/etc/tls/peer.key",
        "ETCD_PEER_TRUSTED_CA_FILE": "/etc/tls/ca.crt",
        "ETCD_PEER_CLIENT_CERT_AUTH": "true",
        "ETCD_LISTEN_METRICS_URLS": "http://127.0.0.1:2381",
    }


def test_a_member_found_by_dns_has_no_list_and_no_discovery() -> None:
    found = environment({"discovery_srv": "lab.example", "discovery_srv_name": "blue", "tls": {"peer": PEER}})

    assert found["ETCD_DISCOVERY_SRV"] == "lab.example"
    assert found["ETCD_DISCOVERY_SRV_NAME"] == "blue"
    assert found["ETCD_INITIAL_ADVERTISE_PEER_URLS"] == "https://10.77.0.11:2380"
    assert found["ETCD_LISTEN_CLIENT_URLS"].startswith("http://")
    assert found.keys().isdisjoint({"ETCD_DISCOVERY", "ETCD_INITIAL_CLUSTER", "ETCD_LISTEN_METRICS_URLS"})


def test_several_urls_of_a_member_are_told_and_the_first_ones_port_is_listened_on() -> None:
    found = environment({"initial_cluster": {"node1": ["http://a:2390", "http://b:2391"]}})

    assert found["ETCD_INITIAL_CLUSTER"] == "node1=http://a:2390,node1=http://b:2391"
    assert found["ETCD_INITIAL_ADVERTISE_PEER_URLS"] == "http://a:2390,http://b:2391"
    assert found["ETCD_LISTEN_PEER_URLS"] == "http://10.77.0.11:2390"


def test_a_machine_whose_name_is_not_listed_is_not_planned() -> None:
    with pytest.raises(ProvisionError, match="'node9', is not in initial_cluster") as refusal:
        steps({"initial_cluster": CLUSTER}, hostname="node9")

    assert refusal.value.path == "etcd.name"


def test_a_default_address_that_the_machine_does_not_know_stops_the_plan_and_names_the_field() -> None:
    with pytest.raises(ProvisionError) as refusal:
        addresses(Etcd(discovery=URL), Facts())

    assert refusal.value.path == "etcd.listen_client_urls"


@pytest.mark.parametrize(
    ("etcd", "expected"),
    [
        pytest.param(Etcd(), "http://127.0.0.1:2379", id="in clear: as clients"),
        pytest.param(Etcd(tls=Tls(client=ClientTls(**CLIENT))), "http://127.0.0.1:2381", id="TLS: apart"),
        pytest.param(
            Etcd(settings={"listen-metrics-urls": "http://127.0.0.1:1,http://10.0.0.1:1"}),
            "http://127.0.0.1:1",
            id="where the config says",
        ),
        pytest.param(
            Etcd(listen_client_urls=("http://10.0.0.1:1",)), "http://10.77.0.11:2379", id="not local"
        ),
    ],
)
def test_where_the_agent_asks_for_health(etcd: Etcd, expected: str) -> None:
    assert health_url(etcd, addresses(etcd, FACTS)) == expected


def test_the_log_is_in_the_data_directory_unless_it_has_a_place_of_its_own() -> None:
    assert wal_path(Etcd(data_dir="/data")) == "/data/member/wal"
    assert wal_path(Etcd(settings={"wal-dir": "/wal"})) == "/wal"


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_a_member_in_a_container_is_the_same_member(engine: str) -> None:
    fields: dict[str, Any] = {
        "initial_cluster": SECURE,
        "tls": {"client": {"certificate": "/etc/c.crt", "key": "/srv/tls/c.key"}, "peer": PEER},
        "settings": {"wal-dir": "/srv/wal", "log-level": "100% $x"},
    }
    made = texts({**fields, "engine": engine, "image": IMAGE})
    service = made["/etc/systemd/system/etcd.service"]
    command = arguments(settings(service, "ExecStart")[0])
    variables = [word for option, word in itertools.pairwise(command) if option == "--env"]
    mounted = [word for option, word in itertools.pairwise(command) if option == "--volume"]

    assert dict(word.split("=", 1) for word in variables) == environment(fields)
    # Directories, so that a renewed certificate is seen; but not all of /etc.
    assert mounted == [
        "/var/lib/etcd/default:/var/lib/etcd/default",
        "/srv/wal:/srv/wal",
        "/etc/c.crt:/etc/c.crt:ro",
        "/srv/tls:/srv/tls:ro",
        "/etc/tls:/etc/tls:ro",
    ]
    assert command[-3:] == ["--network", "host", IMAGE]
    assert made[DROPIN_PATH] == (
        "[Service]\nTimeoutStartSec=infinity\n"
        "ExecStartPre=/bin/mkdir -p -m 700 /var/lib/etcd/default /srv/wal\n"
    )
    assert IMAGE in made["/etc/systemd/system/etcd-pull.service"]
    assert steps({**fields, "engine": engine, "image": IMAGE})[-1] == Step(
        EnableUnit("etcd.service", True), "etcd"
    )


@pytest.mark.parametrize("fields", [{}, {"engine": "docker", "image": IMAGE}])
def test_the_paths_that_are_claimed_are_those_that_are_written(fields: dict[str, Any]) -> None:
    section = {"discovery": URL, **fields}
    document = load_bytes(json.dumps({"etcd": section}).encode(), file="config.yaml").document
    assert document is not None and document.etcd is not None

    assert {claim.path for claim in claims(document.etcd, ("etcd",))} == texts(section).keys() - {
        "/etc/hostname"
    }
