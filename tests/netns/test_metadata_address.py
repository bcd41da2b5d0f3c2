"""The address at which images made for clouds look for their metadata."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.namespaces import CLIENT_MAC, SERVER_ADDRESS, Lab
from tests.unit.inventory.directory import write
from tests.unit.web.memory import write_image

METADATA = "169.254.169.254"
FILES = {
    "pxeserver.yaml": "dhcp: {mode: off}\n",
    "profiles/node.yaml": "image: cloud\nconfig: node.yaml\nmetadata: true\n",
    "groups/nodes.yaml": "profile: node\n",
    "machines/node1.yaml": f"mac: {CLIENT_MAC}\n",
    "configs/node.yaml": "#cloud-config\nhostname: {{ machine.hostname }}\n",
}


@pytest.fixture
def machine(network: Lab, tmp_path: Path) -> Iterator[Lab]:
    """The client's side of a network on which the whole server runs."""
    write(tmp_path / "data", FILES)
    write_image(tmp_path / "images/cloud", has_agent=False)
    network.give_client_an_address()
    subprocess.run(
        ["ip", "-n", network.server, "address", "add", f"{METADATA}/32", "dev", "server0"], check=True
    )
    subprocess.run(["ip", "-n", network.client, "route", "add", METADATA, "dev", "client0"], check=True)
    folders = (f"--{name}={tmp_path / name}" for name in ("data", "state", "images"))
    command = [sys.executable, "-m", "pxeserver", "serve", "--interface", "server0", *folders]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(["ip", "netns", "exec", network.server, *command], stderr=log, stdout=log)
    try:
        end_s = time.monotonic() + 20
        while get(network, f"http://{SERVER_ADDRESS}:8080/healthz") != "ok\n":
            assert time.monotonic() < end_s, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield network
    finally:
        server.terminate()
        server.wait(timeout=10)


def get(network: Lab, url: str) -> str:
    return network.in_client("curl", "--silent", "--fail", "--max-time", "5", url).stdout


def test_a_machine_finds_its_metadata_where_clouds_have_it(machine: Lab) -> None:
    assert get(machine, f"http://{METADATA}/latest/meta-data/instance-id") == ""

    get(machine, f"http://{SERVER_ADDRESS}:8080/v1/boot?mac={CLIENT_MAC}")

    assert get(machine, f"http://{METADATA}/latest/meta-data/instance-id") == "i-525400123456"
    assert get(machine, f"http://{METADATA}/openstack/latest/user_data") == "#cloud-config\nhostname: node1\n"
