"""Discovery against the client it is made for: etcd itself, on loopback."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FORM_TIMEOUT_S = 60.0
NAMES = ("node1", "node2", "node3")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = FORM_TIMEOUT_S) -> None:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {timeout_s} s")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback, built here
        return str(answer.read().decode())


@dataclass
class Member:
    """One etcd process, its data and its ports."""

    name: str
    folder: Path
    discovery: str
    client_port: int = field(default_factory=free_port)
    peer_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        client = f"http://127.0.0.1:{self.client_port}"
        peer = f"http://127.0.0.1:{self.peer_port}"
        argv = [
            "etcd",
            *("--name", self.name, "--data-dir", str(self.folder / self.name)),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--discovery", self.discovery, "--discovery-fallback", "exit"),
            *("--heartbeat-interval", "200", "--election-timeout", "2000"),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def kill(self) -> None:
        """As when the power goes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def wipe(self) -> None:
        """As when the power comes back to a machine whose disk is its memory."""
        subprocess.run(["rm", "-rf", str(self.folder / self.name)], check=True)

    def is_healthy(self) -> bool:
        try:
            return bool(json.loads(get(f"http://127.0.0.1:{self.client_port}/health"))["health"] == "true")
        except OSError:
            return False


@dataclass
class Discovery:
    """Our server as a process of its own, so that it can be killed."""

    state: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, "-m", "tests.contract.discovery_server", str(self.state), str(self.port)]
        self.process = subprocess.Popen(argv)
        wait_until(self._answers, "discovery server")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def new_token(self, size: int) -> str:
        return get(f"http://127.0.0.1:{self.port}/discovery/new?size={size}")

    def _answers(self) -> bool:
        try:
            return get(f"http://127.0.0.1:{self.port}/healthz") == "ok\n"
        except OSError:
            return False


@pytest.fixture
def discovery(tmp_path: Path) -> Iterator[Discovery]:
    server = Discovery(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def members(discovery: Discovery, tmp_path: Path) -> Iterator[list[Member]]:
    """Three members of one token, not started; whatever runs at the end is killed."""
    token = discovery.new_token(3)
    made = [Member(name, tmp_path, token) for name in NAMES]
    with ExitStack() as stack:
        for member in made:
            stack.callback(member.kill)
        yield made


def registered(members: list[Member]) -> int:
    return len(json.loads(get(f"{members[0].discovery}/status"))["members"])


def test_three_members_find_each_other(members: list[Member]) -> None:
    for member in members:
        member.start()

    wait_until(lambda: all(member.is_healthy() for member in members), "healthy cluster")
    assert json.loads(get(f"{members[0].discovery}/status"))["complete"]


def test_members_and_server_that_die_while_waiting_still_form_the_cluster(
    members: list[Member], discovery: Discovery
) -> None:
    first, second, third = members
    first.start()
    wait_until(lambda: registered(members) == 1, "first member")

    first.kill()
    first.wipe()
    first.start()
    second.start()
    wait_until(lambda: registered(members) == 2, "second member")
    discovery.kill()
    discovery.start()
    third.start()

    wait_until(lambda: all(member.is_healthy() for member in members), "healthy cluster")


def test_a_member_that_lost_its_data_is_refused_and_does_not_hang(members: list[Member]) -> None:
    for member in members:
        member.start()
    wait_until(lambda: all(member.is_healthy() for member in members), "healthy cluster")

    lost = members[0]
    lost.kill()
    lost.wipe()
    lost.start()

    assert lost.process is not None
    assert lost.process.wait(timeout=30) == 1
    assert "has previously registered with discovery service token" in lost.log.read_text()
    wait_until(members[1].is_healthy, "cluster of the other two")
