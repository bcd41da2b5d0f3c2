"""Fetching over TFTP from servers nobody here wrote, dnsmasq and tftpy, and from our own."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.netns.namespaces import SERVER_ADDRESS, Lab, Running, running

pytestmark = pytest.mark.netns

CONTENT = random.Random(7).randbytes(2_000_000)  # noqa: S311 - the same bytes every time
SMALL_CONTENT = CONTENT[:30_000]
WHOLE_BLOCKS = CONTENT[: 1428 * 3]

FETCH = """
import sys
from pathlib import Path
from provision.errors import SourceError
from provision.fetch.tftp import fetch
try:
    content = fetch(sys.argv[1], deadline_s=60, size_limit_bytes=10_000_000)
except SourceError as error:
    sys.exit(str(error))
Path(sys.argv[2]).write_bytes(content)
"""
TFTPY = "import sys, tftpy; tftpy.TftpServer(sys.argv[1]).listen(sys.argv[2], 69)"


def dnsmasq(folder: Path) -> list[str]:
    quiet = ("--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=root", "--port=0")
    return ["dnsmasq", *quiet, "--enable-tftp", f"--tftp-root={folder}"]


def tftpy(folder: Path) -> list[str]:
    return [sys.executable, "-c", TFTPY, str(folder), SERVER_ADDRESS]


@contextmanager
def server_of(network: Lab, command: list[str]) -> Iterator[None]:
    """It may take its time to start: the client asks again."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", network.server, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
        assert process.poll() is None, "the server died"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def files(network: Lab, served: Path) -> Path:
    network.give_client_an_address()
    for name, content in (
        ("big", CONTENT),
        ("whole", WHOLE_BLOCKS),
        ("empty", b""),
        ("small", SMALL_CONTENT),
    ):
        (served / name).write_bytes(content)
        (served / name).chmod(0o644)
    return served


def fetched(network: Lab, host: str, name: str, tmp_path: Path) -> bytes:
    target = tmp_path / "got"
    done = network.in_client(sys.executable, "-c", FETCH, f"tftp://{host}/{name}", str(target))
    assert done.returncode == 0, done.stderr
    return target.read_bytes()


@pytest.mark.parametrize("command", [dnsmasq, tftpy], ids=lambda command: command.__name__)
def test_files_come_whole_from_another_server(
    network: Lab, files: Path, tmp_path: Path, command: Callable[[Path], list[str]]
) -> None:
    with server_of(network, command(files)):
        for name in ("big", "whole", "empty"):
            assert fetched(network, SERVER_ADDRESS, name, tmp_path) == (files / name).read_bytes()


@pytest.mark.parametrize("command", [dnsmasq, tftpy], ids=lambda command: command.__name__)
def test_another_server_says_that_there_is_no_such_file(
    network: Lab, files: Path, command: Callable[[Path], list[str]]
) -> None:
    with server_of(network, command(files)):
        done = network.in_client(sys.executable, "-c", FETCH, f"tftp://{SERVER_ADDRESS}/absent", "/dev/null")

    assert f"cannot fetch tftp://{SERVER_ADDRESS}/absent: the server answers with error 1" in done.stderr


def test_files_come_whole_from_our_own_server(
    network: Lab, files: Path, proxy_server: Running, tmp_path: Path
) -> None:
    for name in ("big", "whole", "empty"):
        assert fetched(network, SERVER_ADDRESS, name, tmp_path) == (files / name).read_bytes()

    ended = proxy_server.wait_for(lambda line: line.get("tftp") == "big")
    assert (ended["bytes"], ended["outcome"]) == (len(CONTENT), "done")


def test_a_file_comes_whole_over_a_network_that_loses_doubles_and_swaps_packets(
    network: Lab, files: Path, proxy_server: Running, tmp_path: Path
) -> None:
    settings = {"server": SERVER_ADDRESS, "seed": 4, "share": 0.05}

    with running(network.client, "tests.netns.lossy_relay", tmp_path / "relay.json", **settings):
        assert fetched(network, "127.0.0.1", "small", tmp_path) == SMALL_CONTENT
