"""Facts come from the machine's files and the kernel, or are not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.execute.observe import observe_from
from provision.facts import Facts

ADDRESSES = {"lo": "127.0.0.1", "eth0": "10.0.0.5", "eth1": "10.77.0.11", "wlan0": "169.254.3.4"}
ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth1\t00000000\t01004D0A\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for directory in (
        "root/etc",
        "proc/net",
        "sys/class/net/eth0",
        "sys/class/net/eth1",
        "sys/class/net/wlan0",
    ):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text(ROUTES)
    (tmp_path / "sys/class/net/eth0/address").write_text("52:54:00:00:00:00\n")
    (tmp_path / "sys/class/net/eth1/address").write_text("52:54:00:12:34:56\n")
    (tmp_path / "sys/class/net/wlan0/address").write_text("52:54:00:99:99:99\n")
    return tmp_path


def facts(place: Path, cmdline: str = "") -> Facts:
    (place / "proc/cmdline").write_text(cmdline)
    return observe_from(place / "root", proc=place / "proc", sys=place / "sys", address_of=ADDRESSES.get)


def test_a_booted_machine_is_known_by_its_mac_and_that_interfaces_address(place: Path) -> None:
    (place / "root/etc/hostname").write_text("node1\n")
    (place / "root/etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")

    seen = facts(place, "quiet provision.machine=52-54-00-12-34-56 console=ttyS0")

    assert seen == Facts(
        "node1",
        "52:54:00:12:34:56",
        "10.77.0.11",
        "0123456789abcdef0123456789abcdef",
        private_ipv4="10.77.0.11",
    )


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("10.0.0.1", True),
        ("172.16.0.1", True),
        ("172.31.255.1", True),
        ("192.168.7.1", True),
        ("172.32.0.1", False),
        ("203.0.113.9", False),
    ],
)
def test_an_address_is_private_or_public(place: Path, address: str, is_private: bool) -> None:
    (place / "proc/cmdline").write_text("provision.machine=52:54:00:12:34:56")

    seen = observe_from(place / "root", proc=place / "proc", sys=place / "sys", address_of=lambda _: address)

    assert (seen.private_ipv4, seen.public_ipv4) == ((address, None) if is_private else (None, address))


def test_without_a_boot_interface_the_default_route_of_lowest_metric_counts(place: Path) -> None:
    assert facts(place).ipv4 == "10.0.0.5"


def test_a_link_local_address_is_not_global(place: Path) -> None:
    (place / "proc/net/route").write_text("")

    assert facts(place, "provision.machine=52:54:00:99:99:99").ipv4 is None


def test_what_is_not_known_is_none(place: Path) -> None:
    (place / "root/etc/hostname").write_text("localhost\n")
    (place / "root/etc/machine-id").write_text("uninitialized\n")
    (place / "proc/net/route").unlink()

    assert facts(place) == Facts()
