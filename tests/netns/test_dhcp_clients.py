"""The DHCP server against a client nobody here wrote: BusyBox's udhcpc."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.netns.namespaces import CLIENT_MAC, Lab, Running

pytestmark = pytest.mark.netns

# udhcpc runs this for each event, with what it was told in its environment.
SCRIPT = """#!/bin/sh
echo "$1 ip=$ip mask=$mask router=$router dns=$dns domain=$domain hostname=$hostname lease=$lease \
serverid=$serverid boot_file=$boot_file siaddr=$siaddr"
case "$1" in bound|renew) ip address add "$ip/$mask" dev "$interface" ;; esac
"""


def udhcpc(
    network: Lab, tmp_path: Path, *options: str, wrapper: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "udhcpc-script"
    script.write_text(SCRIPT, encoding="utf-8")
    script.chmod(0o755)
    asked = ("busybox", "udhcpc", "-f", "-n", "-t", "4", "-T", "1", "-i", "client0", "-s", str(script))
    return network.in_client(*wrapper, *asked, *options)


def test_udhcpc_gets_an_address_of_the_pool_and_no_boot_data(
    network: Lab, full_server: Running, tmp_path: Path
) -> None:
    result = udhcpc(network, tmp_path, "-q", "-O", "bootfile")

    assert (
        "bound ip=10.77.0.100 mask=24 router=10.77.0.1 dns=10.77.0.1 domain=lab.example hostname= lease=600 "
        "serverid=10.77.0.1 boot_file= siaddr="
    ) in result.stdout, result.stderr
    assert [(line["dhcp"], line["answer"]) for line in full_server.lines() if "dhcp" in line] == [
        ("DISCOVER", "OFFER"),
        ("REQUEST", "ACK"),
    ]


def test_udhcpc_gets_its_reserved_address_and_name(
    network: Lab, reserving_server: Running, tmp_path: Path
) -> None:
    result = udhcpc(network, tmp_path, "-q")

    assert "bound ip=10.77.0.11 " in result.stdout, result.stderr
    assert " hostname=node1 " in result.stdout


def test_udhcpc_asking_for_a_foreign_address_is_given_one_of_ours(
    network: Lab, full_server: Running, tmp_path: Path
) -> None:
    result = udhcpc(network, tmp_path, "-q", "-r", "192.168.9.9")

    assert "bound ip=10.77.0.100 " in result.stdout, result.stderr


def test_udhcpc_gives_its_lease_back(network: Lab, full_server: Running, tmp_path: Path) -> None:
    # With -q, udhcpc leaves before it counts itself as having a lease, and releases nothing.
    result = udhcpc(network, tmp_path, "-R", wrapper=("timeout", "--signal=TERM", "2"))

    assert "bound ip=10.77.0.100 " in result.stdout, result.stderr
    full_server.wait_for(lambda line: line.get("state") == "released" and line["mac"] == CLIENT_MAC)


def test_udhcpc_gets_boot_data_when_it_says_it_is_pxe_firmware(
    network: Lab, full_server: Running, tmp_path: Path
) -> None:
    firmware = ("-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000", "-O", "bootfile")

    result = udhcpc(network, tmp_path, "-q", *firmware)

    assert "boot_file=undionly.kpxe siaddr=10.77.0.1" in result.stdout, result.stderr


def test_the_proxy_leaves_a_plain_client_alone(network: Lab, proxy_server: Running, tmp_path: Path) -> None:
    result = udhcpc(network, tmp_path, "-q")

    assert "bound" not in result.stdout
    line = proxy_server.wait_for(lambda line: "dhcp" in line)
    assert (line["answer"], line["reason"]) == (None, "no option 93: not a network boot client")


def test_noise_on_port_67_is_dropped_with_a_reason_and_the_next_client_is_served(
    network: Lab, full_server: Running, tmp_path: Path
) -> None:
    network.give_client_an_address()
    noise = "import socket; socket.socket(2, 2).sendto(b'noise' * 60, ('10.77.0.1', 67))"
    network.in_client("python3", "-c", noise)

    dropped = full_server.wait_for(lambda line: "drop" in line)
    result = udhcpc(network, tmp_path, "-q")

    assert "magic cookie is" in dropped["drop"]
    assert "bound ip=10.77.0.100 " in result.stdout, result.stderr
