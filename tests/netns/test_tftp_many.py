"""The TFTP server under load, and on an interface with several addresses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.netns.namespaces import Lab, Running, running

pytestmark = pytest.mark.netns

CONTENT = bytes(number * 7 % 251 for number in range(40_000))
CLIENTS = 1000


def test_a_thousand_transfers_at_once_are_all_whole(
    network: Lab, served: Path, proxy_server: Running
) -> None:
    network.give_client_an_address()
    (served / "file").write_bytes(CONTENT)
    settings = {"host": "10.77.0.1", "file": "file", "count": CLIENTS, "timeout_s": 90}

    result = network.in_client(
        sys.executable, "-m", "tests.netns.many_clients", json.dumps(settings), timeout_s=120
    )

    assert json.loads(result.stdout) == {
        "done": CLIENTS,
        "digests": [hashlib.sha256(CONTENT).hexdigest()],
        "ports": CLIENTS,
    }, result.stderr


ASKER = """
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.sendto(b"\\0\\1hello.txt\\0octet\\0", ("10.77.0.2", 69))
data, (host, port) = client.recvfrom(600)
client.sendto(b"\\0\\1absent\\0octet\\0", ("10.77.0.2", 69))
print(host, data, *client.recvfrom(600)[1])
"""


def test_answers_come_from_the_address_that_was_asked(network: Lab, served: Path, tmp_path: Path) -> None:
    network.give_client_an_address()
    # The kernel itself would answer from the first address of the interface.
    second = ["ip", "-n", network.server, "address", "add", "10.77.0.2/24", "dev", "server0"]
    subprocess.run(second, check=True)
    settings = {"mode": "off", "reserved": {}, "root": str(served), "tftp_address": "10.77.0.2"}

    with running(network.server, "tests.netns.wire_server", tmp_path / "server.json", **settings):
        result = network.in_client("python3", "-c", ASKER)

    assert result.stdout == "10.77.0.2 b'\\x00\\x03\\x00\\x01hello\\n' 10.77.0.2 69\n", result.stderr
