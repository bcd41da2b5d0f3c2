"""What else is on a machine's network: a DHCP server of its own, a router with a relay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pxeserver.lab.namespace import BRIDGE, Namespace, tap_name
from tests.boot.conftest import BootLab

DNSMASQ = ("dnsmasq", "--keep-in-foreground", "--port=0", "--user=root", "--pid-file=", "--log-facility=-")
FAR_ROUTER = "10.78.0.1"


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


@contextmanager
def far_network(lab: BootLab, relay: Sequence[str]) -> Iterator[tuple[Namespace, str]]:
    """A network behind a router on which a relay runs: its namespace, and the tap for a machine there."""
    near = lab.lab.namespace.name
    with Namespace("pxefar", f"{FAR_ROUTER}/24", taps=1) as far:
        for command in (
            f"link add far0 netns {near} type veth peer name near0 netns {far.name}",
            f"-n {near} link set far0 master {BRIDGE} up",
            f"-n {near} route add 10.78.0.0/24 via 10.77.0.254",
            f"-n {far.name} address add 10.77.0.254/24 dev near0",
            f"-n {far.name} link set near0 up",
            f"-n {far.name} route add default via 10.77.0.1",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        assert far.run(["sysctl", "-w", "net.ipv4.ip_forward=1"]).returncode == 0
        process = subprocess.Popen(far.command(list(relay)))
        try:
            yield far, tap_name(0)
            assert process.poll() is None, "the relay ended"
        finally:
            process.kill()
            process.wait()


def dnsmasq_relay() -> tuple[str, ...]:
    return (*DNSMASQ, "--conf-file=/dev/null", f"--dhcp-relay={FAR_ROUTER},10.77.0.1")


def plain_pxe_relay() -> tuple[str, ...]:
    """Makes a machine's iPXE look like the PXE of old, until it has been given a loader."""
    script = Path(__file__).parent / "plain_pxe_relay.py"
    return (sys.executable, str(script), BRIDGE, FAR_ROUTER, "10.77.0.1")
