"""Members that find each other by SRV records, which dnsmasq answers: each on an address of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.etcd_members import FAST, Authority, Member, environment, wait_until
from tests.netns.namespaces import Lab

pytestmark = pytest.mark.netns

DOMAIN = "lab.test"
DNS = "10.77.0.1"
MACHINES = {"node1": "10.77.0.11", "node2": "10.77.0.12", "node3": "10.77.0.13"}


@contextmanager
def name_server(network: Lab, service: str, log: Path) -> Iterator[None]:
    """All addresses are the namespace's own, and so is its resolv.conf: ip-netns(8)."""
    resolver = Path("/etc/netns") / network.client
    resolver.mkdir(parents=True)
    (resolver / "resolv.conf").write_text(f"nameserver {DNS}\n")
    for address in (DNS, *MACHINES.values()):
        network.in_client("ip", "address", "add", f"{address}/32", "dev", "lo")
    records = [f"--srv-host={service}.{DOMAIN},{name}.{DOMAIN},2380" for name in MACHINES]
    records += [f"--host-record={name}.{DOMAIN},{address}" for name, address in MACHINES.items()]
    options = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        f"--local=/{DOMAIN}/",
    ]
    options += [f"--listen-address={DNS}", "--bind-interfaces", "--pid-file", f"--log-facility={log}"]
    process = subprocess.Popen(["ip", "netns", "exec", network.client, "dnsmasq", *options, *records])
    try:
        wait_until(lambda: log.exists() and " started," in log.read_text(), "name server", 10.0)
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(resolver)


def form(network: Lab, sections: dict[str, dict[str, Any]], folder: Path) -> None:
    """Start all members; comes back when each is healthy."""
    prefix = ("ip", "netns", "exec", network.client)
    with ExitStack() as stack:
        for name, section in sections.items():
            member = Member(environment(section, name, MACHINES[name]), folder / f"{name}.log", prefix)
            member.start()
            stack.callback(member.kill)
        wait_until(lambda: all(is_healthy(network, address) for address in MACHINES.values()), "cluster")


def is_healthy(network: Lab, address: str) -> bool:
    return "true" in network.in_client("curl", "--silent", f"http://{address}:2379/health").stdout


def sections(folder: Path, **fields: Any) -> dict[str, dict[str, Any]]:
    """Section `etcd` of each machine; names and addresses are the defaults, apart from a shared 127.0.0.1."""
    common = {"discovery_srv": DOMAIN, "listen_client_urls": ["http://${facts.ipv4}:2379"], "settings": FAST}
    return {name: {**common, "data_dir": str(folder / name), **fields} for name in MACHINES}


@pytest.mark.parametrize(
    ("service", "fields"),
    [
        pytest.param("_etcd-server-ssl._tcp", {}, id="one cluster in the domain"),
        pytest.param("_etcd-server-ssl-blue._tcp", {"discovery_srv_name": "blue"}, id="one of several"),
    ],
)
def test_members_find_each_other_by_dns(
    network: Lab, tmp_path: Path, service: str, fields: dict[str, str]
) -> None:
    authority = Authority.make(tmp_path / "tls")
    made = sections(tmp_path, **fields)
    # In one namespace, who is called sees its own address as the caller's: so each certificate has all of them.
    addresses = [f"IP:{address}" for address in MACHINES.values()]
    for name, section in made.items():
        section["tls"] = {"peer": authority.issue(name, f"DNS:{name}.{DOMAIN}", *addresses)}

    with name_server(network, service, tmp_path / "dns.log"):
        form(network, made, tmp_path)


def test_without_tls_etcd_3_4_finds_nobody(network: Lab, tmp_path: Path) -> None:
    """Why the config gets a warning: it looks for the encrypted service first, and stops where there is none."""
    variables = environment(sections(tmp_path)["node1"], "node1", MACHINES["node1"])
    member = Member(variables, tmp_path / "node1.log", ("ip", "netns", "exec", network.client))

    with name_server(network, "_etcd-server._tcp", tmp_path / "dns.log"):
        member.start()
        assert member.process is not None
        assert member.process.wait(timeout=30) == 1

    assert "error querying DNS SRV records for _etcd-server-ssl " in member.log.read_text()
