"""Beside a DHCP server that knows nothing of booting: it gives the addresses, we say what to boot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pxeserver.boot.steps import expected_steps
from pxeserver.lab.namespace import BRIDGE
from tests.boot.conftest import BootLab, MakeLab

pytestmark = pytest.mark.boot

BOX = ("box", "52:54:00:77:00:21")


def use_proxy_mode(data: Path) -> None:
    (data / "pxeserver.yaml").write_text("dhcp:\n  mode: proxy\n")


@contextmanager
def dnsmasq(lab: BootLab) -> Iterator[None]:
    """The network's own DHCP server, at an address of its own on a port of the bridge."""
    name = lab.lab.namespace.name
    inside = ["ip", "netns", "exec", "pxetest-dhcp"]
    subprocess.run(["ip", "netns", "delete", "pxetest-dhcp"], check=False, capture_output=True)
    for command in (
        "netns add pxetest-dhcp",
        f"link add dhcp0 netns {name} type veth peer name eth0 netns pxetest-dhcp",
        f"-n {name} link set dhcp0 master {BRIDGE} up",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    try:
        subprocess.run([*inside, "ip", "address", "add", "10.77.0.2/24", "dev", "eth0"], check=True)
        subprocess.run([*inside, "ip", "link", "set", "eth0", "up"], check=True)
        server = subprocess.Popen(
            [
                *(
                    *inside,
                    "dnsmasq",
                    "--keep-in-foreground",
                    "--conf-file=/dev/null",
                    "--port=0",
                    "--log-dhcp",
                ),
                *("--interface=eth0", "--dhcp-range=10.77.0.50,10.77.0.60,1h", "--dhcp-leasefile=/dev/null"),
                *("--log-facility=-", "--user=root", "--pid-file="),
            ],
            stderr=subprocess.PIPE,
        )
        try:
            yield
        finally:
            server.kill()
            server.wait()
    finally:
        subprocess.run(["ip", "netns", "delete", "pxetest-dhcp"], check=False)


def test_a_machine_with_an_address_from_another_server_boots_from_this_one(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX], change=use_proxy_mode)
    (box,) = lab.machines

    with dnsmasq(lab):
        box.power_on()
        lab.wait_for(box, "start")

    assert lab.ok_steps(box, boot=1) == list(expected_steps(dhcp_mode="proxy", etcd=False))
    assert "lease" not in lab.ok_steps(box, boot=1)
    (network,) = [event for event in lab.events(box) if event["step"] == "network"]
    assert network["message"].startswith("eth0 10.77.0.5")
    assert lab.inside("10.77.0.21", "hostname") == "box"
