"""`pxeserver doctor` on what it is for: real faults, beside programs nobody here wrote."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.netns.namespaces import SERVER_ADDRESS, Lab
from tests.unit.inventory.directory import GOOD, write
from tests.unit.web.memory import write_image
from tests.unprivileged import open_directory

pytestmark = pytest.mark.netns

OTHER_SERVER = "10.77.0.2"
# Holds a port that another program wants, as `name` in the process table.
HOLD = """
import socket, sys, time
kept = []
for kind, port in (("udp", 69), ("tcp", 8080)):
    kept.append(socket.socket(type=socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM))
    kept[-1].bind(("0.0.0.0", port))
    if kind == "tcp":
        kept[-1].listen()
open("/proc/self/comm", "w").write("squatter")
time.sleep(60)
"""
# A web server whose clock went wrong a day ago.
YESTERDAY = """
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() - 86400)
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()
HTTPServer(("0.0.0.0", 8123), Handler).serve_forever()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where every user may read."""
    with open_directory() as made:
        write(made / "data", {**GOOD, "pxeserver.yaml": "dhcp: {mode: proxy}\n"})
        write_image(made / "images" / "debian-12")
        (made / "state").mkdir()
        yield made


def in_server(network: Lab, *command: str) -> list[str]:
    return ["ip", "netns", "exec", network.server, *command]


def doctor(
    network: Lab, folder: Path, *more: str, interface: str = "server0", wrapper: tuple[str, ...] = ()
) -> tuple[int, list[tuple[str, str, str]], str]:
    """Exit code, rows as level, subject and what was found, and all that is to be done."""
    argv = in_server(network, *wrapper, sys.executable, "-m", "pxeserver", "doctor")
    argv += ["--interface", interface, "--data", str(folder / "data"), "--state", str(folder / "state")]
    argv += ["--images", str(folder / "images"), "--format", "json", *more]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    rows = json.loads(done.stdout)["diagnoses"]
    assert all(row["todo"] for row in rows if row["level"] != "ok")
    todo = "\n".join(row["todo"] for row in rows)
    return done.returncode, [(row["level"], row["subject"], row["what"]) for row in rows], todo


@contextmanager
def beside(*argv: str) -> Iterator[None]:
    """Another program for as long as this lasts."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        assert process.poll() is None, f"{argv[4:]} ended"
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def dnsmasq(network: Lab, *options: str) -> Iterator[None]:
    """The network's DHCP server, on the far side of the cable."""
    subprocess.run(
        ["ip", "-n", network.client, "address", "add", f"{OTHER_SERVER}/24", "dev", "client0"], check=True
    )
    argv = ["ip", "netns", "exec", network.client, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null"]
    argv += [
        "--port=0",
        "--interface=client0",
        "--bind-interfaces",
        "--leasefile-ro",
        "--pid-file=",
        "--no-ping",
    ]
    argv += ["--user=root", "--dhcp-range=10.77.0.50,10.77.0.59", *options]
    with beside(*argv):
        yield


def test_beside_the_networks_dhcp_server_all_is_well(network: Lab, folder: Path) -> None:
    with dnsmasq(network):
        code, rows, _ = doctor(network, folder)

    assert code == 0, rows
    assert [row for row in rows if row[0] == "failed"] == []
    assert ("ok", "interface", f"server0 is up with {SERVER_ADDRESS}/24") in rows
    assert [what for _, subject, what in rows if subject == "ports"] == [
        "udp port 67 is free",
        "udp port 4011 is free",
        "udp port 69 is free",
        "tcp port 8080 is free",
        "tcp port 8081 is free",
    ]
    (dhcp,) = (what for _, subject, what in rows if subject == "dhcp")
    assert dhcp.startswith("the network's DHCP server: 10.77.0.2 (address 10.77.0.5")
    assert ("ok", "images", "debian-12 5f3a: every file is as its manifest says") in rows


def test_a_dhcp_server_that_says_what_to_boot_as_well_is_named(network: Lab, folder: Path) -> None:
    with dnsmasq(network, "--dhcp-boot=other.efi"):
        code, rows, todo = doctor(network, folder)

    (found,) = ((level, what) for level, subject, what in rows if subject == "dhcp")
    assert (code, found[0]) == (0, "warning")
    assert found[1].startswith("another server says what to boot: 10.77.0.2 (address 10.77.0.5")
    assert found[1].endswith("and boot file other.efi)")
    assert "take the boot file out of its settings" in todo


def test_everything_wrong_is_found_at_once(network: Lab, folder: Path) -> None:
    write(folder / "data", {"pxeserver.yaml": "dhcp: {mode: full}\n", "configs/node.yaml": "hostnme: x\n"})
    (folder / "images/debian-12/vmlinuz").write_text("another kernel")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder / "state")], check=True)
    try:
        with dnsmasq(network), beside(*in_server(network, sys.executable, "-c", HOLD)):
            code, rows, todo = doctor(network, folder)
    finally:
        subprocess.run(["umount", str(folder / "state")], check=True)

    failures = [(subject, what) for level, subject, what in rows if level == "failed"]
    assert code == 1
    assert [subject for subject, _ in failures] == ["ports", "ports", "dhcp", "data", "images", "state"]
    told = "\n".join(what for _, what in failures)
    assert "udp port 69 is taken by squatter (process " in told
    assert "tcp port 8080 is taken by squatter (process " in told
    assert "another DHCP server: 10.77.0.2 (address 10.77.0.5" in told
    assert f"{folder}/data/configs/node.yaml:1:1: unknown key 'hostnme'" in told
    assert f"{folder}/images/debian-12/vmlinuz: has 14 bytes, sha256 " in told
    assert f"{folder}/state cannot be written: Read-only file system" in told
    assert "ss -lnp 'sport = :69'" in todo
    assert "two DHCP servers give machines addresses at random" in todo


def test_without_privileges_room_and_a_right_clock_it_says_so(network: Lab, folder: Path) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", str(folder / "state")], check=True
    )
    nobody = (
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    )
    try:
        with beside(*in_server(network, sys.executable, "-c", YESTERDAY)):
            url = "http://127.0.0.1:8123/"
            code, rows, todo = doctor(network, folder, "--time-url", url, wrapper=nobody)
    finally:
        subprocess.run(["umount", str(folder / "state")], check=True)

    failures = [what for level, _, what in rows if level == "failed"]
    assert code == 1
    assert [what for what in failures if "needs a privilege" in what] == [
        "udp port 67 needs a privilege that this user does not have",
        "udp port 69 needs a privilege that this user does not have",
    ]
    assert "cannot ask for other DHCP servers: Permission denied" in failures
    assert f"{folder}/state has 1 MB left, 67 MB are needed" in failures
    assert any("s ahead of http://127.0.0.1:8123/" in what for what in failures)
    assert "CAP_NET_BIND_SERVICE" in todo
    assert "timedatectl set-ntp true" in todo


def test_what_the_user_may_not_read_is_one_row(network: Lab, folder: Path) -> None:
    (folder / "data").chmod(0o700)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")

    _, rows, todo = doctor(network, folder, wrapper=nobody)

    assert ("failed", "data", f"{folder}/data is not there, or this user may not read it") in rows
    assert "chmod -R o+rX" in todo
    assert ("failed", "state", f"{folder}/state cannot be written: Permission denied") in rows
    assert f"chown pxeserver: {folder}/state" in todo


@pytest.mark.parametrize(
    ("command", "interface", "what", "do"),
    [
        (["link", "set", "server0", "down"], "server0", "server0 is down", "ip link set server0 up"),
        (["address", "flush", "dev", "server0"], "server0", "server0 has no IPv4 address", "ip address add"),
        (["link", "set", "lo", "up"], "eth9", "there is no interface 'eth9'", "name one of: lo, server0"),
    ],
)
def test_an_interface_that_reaches_nobody_is_named(
    network: Lab, folder: Path, command: list[str], interface: str, what: str, do: str
) -> None:
    subprocess.run(["ip", "-n", network.server, *command], check=True)

    code, rows, todo = doctor(network, folder, interface=interface)

    assert (code, rows[0]) == (1, ("failed", "interface", what))
    assert do in todo


def test_a_cable_without_a_far_end_is_named(network: Lab, folder: Path) -> None:
    subprocess.run(["ip", "-n", network.client, "link", "set", "client0", "down"], check=True)

    code, rows, _ = doctor(network, folder)

    assert (code, rows[0]) == (1, ("failed", "interface", "server0 has no carrier"))


@pytest.mark.parametrize(
    ("mode", "port_count", "failures"),
    [
        # Nobody gives machines an address here.
        pytest.param("proxy", 5, ["dhcp"], id="proxy"),
        pytest.param("full, pool: {first: 10.77.0.100, last: 10.77.0.101}", 4, [], id="full"),
    ],
)
def test_beside_the_running_server_its_ports_are_no_fault_and_it_is_not_disturbed(
    network: Lab, folder: Path, mode: str, port_count: int, failures: list[str]
) -> None:
    write(folder / "data", {"pxeserver.yaml": f"dhcp: {{mode: {mode}}}\n"})
    argv = in_server(network, sys.executable, "-m", "pxeserver", "serve", "--interface", "server0")
    argv += [
        "--data",
        str(folder / "data"),
        "--state",
        str(folder / "state"),
        "--images",
        str(folder / "images"),
    ]
    network.give_client_an_address()
    with beside(*argv):
        end_s = time.monotonic() + 20
        while not network.in_client("curl", "-s", f"http://{SERVER_ADDRESS}:8080/healthz").stdout:
            assert time.monotonic() < end_s
            time.sleep(0.1)
        code, rows, _ = doctor(network, folder)
        events = json.loads(network.in_client("curl", "-s", f"http://{SERVER_ADDRESS}:8080/v1/events").stdout)

    served = [level for level, subject, what in rows if subject == "ports" and "served by pxeserver" in what]
    assert served == ["ok"] * port_count
    assert [subject for level, subject, _ in rows if level == "failed"] == failures
    assert code == (1 if failures else 0)
    assert [event["step"] for event in events["events"]] == ["inventory"], (
        "the probe is no machine that boots"
    )
