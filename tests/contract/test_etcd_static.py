"""A static cluster with TLS, as its configs ask for it: what etcd makes of them, and what the agent learns from it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from provision.cluster.decide import AlreadyMember, Bootstrap, Refuse, Wait
from provision.cluster.listed import Listed, decide_listed
from provision.cluster.peers import PeerCertificates, observe_peers
from tests.contract.etcd_members import FAST, Authority, Member, environment, is_healthy, wait_until
from tests.contract.test_etcd_discovery import free_port

NAMES = ("node1", "node2", "node3")
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Machine:
    """A machine of the cluster: its section `etcd`, and where its parts are."""

    name: str
    section: dict[str, Any]
    files: dict[str, str]
    client_url: str
    metrics_url: str
    data: Path
    member: Member

    @property
    def peer_url(self) -> str:
        return str(self.section["initial_cluster"][self.name][0])

    def is_healthy(self) -> bool:
        return is_healthy(self.metrics_url)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "tls")


@pytest.fixture
def machines(tmp_path: Path, authority: Authority) -> Iterator[list[Machine]]:
    """Three machines, not started; what runs at the end is killed."""
    cluster = {name: [f"https://{HERE}:{free_port()}"] for name in NAMES}
    made = [_machine(name, cluster, authority, tmp_path) for name in NAMES]
    with ExitStack() as stack:
        for machine in made:
            stack.callback(machine.member.kill)
        yield made


def _machine(name: str, cluster: dict[str, list[str]], authority: Authority, folder: Path) -> Machine:
    files = authority.issue(name, f"IP:{HERE}")
    client, metrics = f"https://{HERE}:{free_port()}", f"http://{HERE}:{free_port()}"
    section: dict[str, Any] = {
        "initial_cluster": cluster,
        "initial_cluster_token": "lab 100%",
        "tls": {"client": files, "peer": files},
        "listen_client_urls": [client],
        "advertise_client_urls": [client],
        "data_dir": str(folder / name),
        "settings": {**FAST, "listen-metrics-urls": metrics},
    }
    member = Member(environment(section, name, HERE), folder / f"{name}.log")
    return Machine(name, section, files, client, metrics, folder / name, member)


def listed(machine: Machine, *, joins: bool = False) -> Listed:
    cluster: dict[str, list[str]] = machine.section["initial_cluster"]
    others = tuple(url for name, urls in cluster.items() if name != machine.name for url in urls)
    return Listed(machine.name, (machine.peer_url,), others, joins=joins)


def certificates(machine: Machine) -> PeerCertificates:
    """As at first boot: the files are only planned."""
    planned = {f"/planned{path}": Path(path).read_bytes() for path in machine.files.values()}
    paths = {name: f"/planned{path}" for name, path in machine.files.items()}
    return PeerCertificates(**paths, planned=planned)


def form(machines: list[Machine]) -> None:
    for machine in machines:
        machine.member.start()
    wait_until(lambda: all(machine.is_healthy() for machine in machines), "healthy cluster")


def test_the_members_form_a_cluster_that_serves_nobody_without_a_certificate(
    machines: list[Machine], authority: Authority
) -> None:
    form(machines)
    first = machines[0]

    assert is_healthy(first.client_url, authority.context(first.files))
    for url in (f"{first.client_url}/health", f"{first.peer_url}/members"):
        # With TLS 1.3 a client learns that it is refused when it reads: an alert, or a closed connection.
        with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            urllib.request.urlopen(url, timeout=5, context=authority.context(None))  # noqa: S310
        urllib.request.urlopen(url, timeout=5, context=authority.context(first.files)).close()  # noqa: S310
    assert "client didn't provide a certificate" in first.member.log.read_text()


def test_a_machine_starts_when_nobody_is_there_and_when_the_others_wait_for_it(
    machines: list[Machine],
) -> None:
    first, _, third = machines

    alone = observe_peers(listed(first), certificates(first), has_data=False)
    assert decide_listed(listed(first), alone) == Bootstrap(2)

    first.member.start()
    wait_until(lambda: bool(_answers(third)), "an answer of the first member")

    awaited = observe_peers(listed(third), certificates(third), has_data=False)
    assert decide_listed(listed(third), awaited) == Bootstrap(0)


def test_a_member_without_its_data_is_refused_and_comes_back_as_another(machines: list[Machine]) -> None:
    """The way out that the refusal and the documents name, walked to its end."""
    form(machines)
    first, _, lost = machines
    with_data = observe_peers(listed(lost), certificates(lost), has_data=True)
    lost.member.kill()
    shutil.rmtree(lost.data)

    refusal = decide_listed(listed(lost), observe_peers(listed(lost), certificates(lost), has_data=False))

    assert decide_listed(listed(lost), with_data) == AlreadyMember()
    assert isinstance(refusal, Refuse)
    assert "its data is gone" in refusal.reason

    (line,) = (line for line in _etcdctl(first, "member", "list").splitlines() if lost.name in line)
    # etcd changes nothing about its members until those that stay have been connected for 5 s
    wait_until(lambda: _accepts(first, "member", "remove", line.split(",")[0]), "member removed")
    removed = observe_peers(listed(lost), certificates(lost), has_data=False)
    assert "runs without member 'node3'" in getattr(decide_listed(listed(lost), removed), "reason", "")

    wait_until(
        lambda: _accepts(first, "member", "add", lost.name, f"--peer-urls={lost.peer_url}"), "member added"
    )
    added = observe_peers(listed(lost), certificates(lost), has_data=False)
    assert isinstance(decide_listed(listed(lost), added), Refuse)
    assert decide_listed(listed(lost, joins=True), added) == Bootstrap(0)

    section = {**lost.section, "initial_cluster_state": "existing"}
    again = replace(lost, member=Member(environment(section, lost.name, HERE), lost.member.log))
    try:
        again.member.start()
        wait_until(again.is_healthy, "member that came back")
    finally:
        again.member.kill()


def test_a_peer_that_wants_a_certificate_which_is_not_there_is_waited_for(
    machines: list[Machine], authority: Authority
) -> None:
    first, second, _ = machines
    first.member.start()
    wait_until(lambda: bool(_answers(second)), "an answer of the first member")
    missing = PeerCertificates("/no/cert", "/no/key", str(authority.certificate), planned={})
    stranger = Authority.make(authority.folder / "other").issue("node2", f"IP:{HERE}")

    without = decide_listed(listed(second), observe_peers(listed(second), missing, has_data=False))
    foreign = decide_listed(
        listed(second),
        observe_peers(listed(second), PeerCertificates(**stranger, planned={}), has_data=False),
    )

    assert isinstance(without, Wait)
    assert "/no/cert, which it must be asked with, is not on this machine yet" in without.reason
    assert isinstance(foreign, Wait)
    assert "certificate verify failed" in foreign.reason


def test_the_certificates_of_a_question_appear_in_no_representation(machines: list[Machine]) -> None:
    assert "PRIVATE KEY" in str(certificates(machines[0]).planned)
    assert "PRIVATE KEY" not in repr(certificates(machines[0]))


def _answers(machine: Machine) -> object:
    return observe_peers(listed(machine), certificates(machine), has_data=False).answers


def _accepts(machine: Machine, *arguments: str) -> bool:
    try:
        _etcdctl(machine, *arguments)
    except subprocess.CalledProcessError:
        return False
    return True


def _etcdctl(machine: Machine, *arguments: str) -> str:
    files = machine.files
    options = [f"--cert={files['certificate']}", f"--key={files['key']}", f"--cacert={files['authority']}"]
    command = ["etcdctl", f"--endpoints={machine.client_url}", *options, *arguments]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"ETCDCTL_API": "3", "PATH": "/usr/bin"}
    )
    return done.stdout
