"""What real clients are answered, as bytes that were read back: one golden text for each."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import classify
from pxeserver.boot.decide import Context, DhcpMode, Reply, decide
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.dhcp.packet import encode, parse
from pxeserver.dhcp.subnet import Subnet
from tests.protocol.readable import PACKETS, read_packet, readable

S = IPv4Address("10.77.0.1")


def context(mode: DhcpMode, port: int, allocated: str) -> Context:
    return Context(
        mode=mode,
        port=port,
        sources=BootSources(
            S,
            "http://10.77.0.1:8080/boot.ipxe",
            frozenset(("snponly.efi", "undionly.kpxe")),
            "http://10.77.0.1:8080/loaders",
        ),
        subnet=Subnet(IPv4Network("10.77.0.0/16"), 600, S, (S,), "lab.example"),
        allocation=Lease(IPv4Address(allocated), "52:54:00:12:34:56", LeaseState.OFFERED, 60),
        hostname="node1",
    )


@pytest.mark.parametrize(
    ("name", "mode", "port"),
    [
        ("edk2-boot-server-request", DhcpMode.PROXY, 4011),
        ("edk2-discover", DhcpMode.FULL, 67),
        ("edk2-discover", DhcpMode.PROXY, 67),
        ("http-boot-discover", DhcpMode.FULL, 67),
        ("http-boot-discover", DhcpMode.PROXY, 67),
        ("inform", DhcpMode.FULL, 67),
        ("ipxe-discover", DhcpMode.FULL, 67),
        ("ipxe-discover", DhcpMode.PROXY, 67),
        ("limited-ipxe-discover", DhcpMode.PROXY, 67),
        ("pxe-bios-discover", DhcpMode.FULL, 67),
        ("pxe-bios-discover", DhcpMode.PROXY, 67),
        ("relayed-discover", DhcpMode.FULL, 67),
        ("relayed-discover", DhcpMode.PROXY, 67),
        ("udhcpc-discover", DhcpMode.FULL, 67),
        ("udhcpc-request", DhcpMode.FULL, 67),
    ],
)
def test_a_reply_reads_as_its_golden_text(name: str, mode: DhcpMode, port: int) -> None:
    golden = (PACKETS / "replies" / f"{name}-{mode}.txt").read_text(encoding="utf-8")
    packet = parse(read_packet(name))

    outcome = decide(packet, classify(packet), context(mode, port, "10.77.0.100"))

    assert isinstance(outcome, Reply)
    assert readable(parse(encode(outcome.packet))) == golden


def test_an_address_that_is_not_the_machines_is_refused_with_the_reason() -> None:
    packet = parse(read_packet("udhcpc-request"))

    outcome = decide(packet, classify(packet), context(DhcpMode.FULL, 67, "10.77.0.101"))

    assert isinstance(outcome, Reply)
    assert readable(parse(encode(outcome.packet))) == (PACKETS / "replies" / "nak.txt").read_text("utf-8")
