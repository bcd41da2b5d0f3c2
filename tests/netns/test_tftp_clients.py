"""The TFTP server against clients nobody here wrote: tftp-hpa, atftp, curl, BusyBox and tftpy."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.netns.namespaces import SERVER_ADDRESS, Lab, Running, running

pytestmark = pytest.mark.netns

CONTENT = random.Random(7).randbytes(5_000_000)  # noqa: S311 - the same bytes every time
SMALL_CONTENT = CONTENT[:30_000]

# Server, name of the file, and where to put it -> the command that does so.
ClientCommand = Callable[[str, str, Path], list[str]]

TFTPY = "import sys, tftpy; tftpy.TftpClient(sys.argv[1], 69, {'blksize': 1024}).download(*sys.argv[2:])"


def tftp_hpa(host: str, name: str, target: Path) -> list[str]:
    return ["tftp", "-m", "binary", host, "-c", "get", name, str(target)]


def busybox(host: str, name: str, target: Path) -> list[str]:
    return ["busybox", "tftp", "-g", "-b", "1428", "-r", name, "-l", str(target), host]


def curl(host: str, name: str, target: Path) -> list[str]:
    return ["curl", "-sS", "--tftp-blksize", "65464", "-o", str(target), f"tftp://{host}/{name}"]


def tftpy(host: str, name: str, target: Path) -> list[str]:
    return [sys.executable, "-c", TFTPY, host, name, str(target)]


def atftp(host: str, name: str, target: Path, *options: str) -> list[str]:
    asked = [part for option in options for part in ("--option", option)]
    return ["atftp", *asked, "--get", "--remote-file", name, "--local-file", str(target), host]


def atftp_tiny_blocks(host: str, name: str, target: Path) -> list[str]:
    """Block numbers wrap around, as there are more than 65536."""
    return atftp(host, name, target, "blksize 72")


def atftp_window(host: str, name: str, target: Path) -> list[str]:
    return atftp(host, name, target, "blksize 1428", "windowsize 8", "tsize 0", "timeout 2")


def atftp_huge_window(host: str, name: str, target: Path) -> list[str]:
    """More than we grant, of both."""
    return atftp(host, name, target, "blksize 65464", "windowsize 65535")


@pytest.fixture
def server(network: Lab, served: Path, proxy_server: Running) -> Running:
    """Serves `big.bin`, and `small.bin` for networks that lose packets."""
    network.give_client_an_address()
    (served / "big.bin").write_bytes(CONTENT)
    (served / "small.bin").write_bytes(SMALL_CONTENT)
    return proxy_server


CLIENTS: list[ClientCommand] = [
    atftp_huge_window,
    atftp_tiny_blocks,
    atftp_window,
    busybox,
    curl,
    tftp_hpa,
    tftpy,
]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_a_client_fetches_a_file_byte_for_byte(
    network: Lab, server: Running, tmp_path: Path, client: ClientCommand
) -> None:
    target = tmp_path / "got.bin"

    result = network.in_client(*client(SERVER_ADDRESS, "big.bin", target))

    assert target.exists(), result.stdout + result.stderr
    assert target.read_bytes() == CONTENT
    ended = server.wait_for(lambda line: "tftp" in line)
    assert (ended["tftp"], ended["bytes"], ended["outcome"]) == ("big.bin", len(CONTENT), "done")


@pytest.mark.parametrize("client", [atftp_window, curl, tftp_hpa], ids=lambda client: client.__name__)
def test_a_client_fetches_a_file_over_a_network_that_loses_doubles_and_swaps_packets(
    network: Lab, server: Running, tmp_path: Path, client: ClientCommand
) -> None:
    target = tmp_path / "got.bin"
    settings = {"server": SERVER_ADDRESS, "seed": 4, "share": 0.05}

    with running(network.client, "tests.netns.lossy_relay", tmp_path / "relay.json", **settings):
        result = network.in_client(*client("127.0.0.1", "small.bin", target), timeout_s=120)

    assert target.exists(), result.stdout + result.stderr
    assert target.read_bytes() == SMALL_CONTENT


@pytest.mark.parametrize("client", [atftp, curl, tftp_hpa, tftpy], ids=lambda client: client.__name__)
def test_a_client_is_told_at_once_that_a_file_does_not_exist(
    network: Lab, server: Running, tmp_path: Path, client: ClientCommand
) -> None:
    network.in_client(*client(SERVER_ADDRESS, "absent.bin", tmp_path / "got.bin"), timeout_s=5)

    refused = server.wait_for(lambda line: "tftp" in line)
    assert (refused["tftp"], refused["outcome"], refused["detail"]) == (
        "absent.bin",
        "refused",
        "file not found",
    )


def test_an_upload_is_refused_and_changes_nothing(
    network: Lab, server: Running, served: Path, tmp_path: Path
) -> None:
    local = tmp_path / "mine.bin"
    local.write_bytes(b"mine")

    result = network.in_client("tftp", "-m", "binary", SERVER_ADDRESS, "-c", "put", str(local), "big.bin")

    assert "this server is read-only" in result.stdout + result.stderr
    assert (served / "big.bin").read_bytes() == CONTENT


def test_a_text_mode_download_is_refused_with_the_mode_to_use(
    network: Lab, server: Running, tmp_path: Path
) -> None:
    get = ("tftp", "-m", "netascii", SERVER_ADDRESS, "-c", "get", "small.bin", str(tmp_path / "got"))

    result = network.in_client(*get)

    assert "mode 'netascii' is not served: use octet (binary)" in result.stdout + result.stderr


STRANGER = """
import socket
client, stranger = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
client.settimeout(5), stranger.settimeout(5)
client.sendto(b"\\0\\1hello.txt\\0octet\\0", ("10.77.0.1", 69))
data, transfer = client.recvfrom(600)
stranger.sendto(b"\\0\\4\\0\\1", transfer)
print(stranger.recvfrom(600)[0])
client.sendto(b"\\0\\4\\0\\1", transfer)
print(data)
"""


def test_a_stranger_on_a_transfers_port_gets_error_5_and_the_transfer_goes_on(
    network: Lab, server: Running
) -> None:
    result = network.in_client("python3", "-c", STRANGER)

    assert result.stdout.splitlines() == [
        r"b'\x00\x05\x00\x05unknown transfer ID\x00'",
        r"b'\x00\x03\x00\x01hello\n'",
    ], result.stderr
    assert server.wait_for(lambda line: "tftp" in line)["outcome"] == "done"


REPEATER = """
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.5)
for _ in range(3):
    client.sendto(b"\\0\\1hello.txt\\0octet\\0", ("10.77.0.1", 69))
ports = [client.recvfrom(600)[1][1] for _ in range(3)]
print(len(set(ports)))
client.sendto(b"\\0\\4\\0\\1", ("10.77.0.1", ports[0]))
"""


def test_a_request_sent_three_times_is_one_transfer(network: Lab, server: Running) -> None:
    result = network.in_client("python3", "-c", REPEATER)

    assert result.stdout.strip() == "1", result.stderr
    assert server.wait_for(lambda line: "tftp" in line)["outcome"] == "done"
    assert len([line for line in server.lines() if "tftp" in line]) == 1
