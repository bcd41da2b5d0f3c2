"""Section `etcd`: what follows from what it says."""

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
from tests.unit.provision.etcd.configs import CLIENT, CLUSTER, IMAGE, PEER, SECURE, URL
from tests.unit.provision.systemd_reader import arguments, settings, words

FACTS = Facts(hostname="booted", ipv4="10.77.0.11")


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
