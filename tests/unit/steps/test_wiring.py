"""Which DHCP decisions are steps of a boot."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore, Reply
from pxeserver.boot.events import Event, Result
from pxeserver.config import DhcpSettings, ServerSettings
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import BOOTREPLY, Packet
from pxeserver.dhcp.responder import Decision
from pxeserver.wiring import dhcp_event, dhcp_settings, loader_files

MAC = "52:54:00:77:00:01"
ADDRESS = IPv4Address("10.77.0.11")


def decision(kind: ClientKind, sent: MessageType, address: IPv4Address = ADDRESS) -> Decision:
    packet = Packet(
        op=BOOTREPLY,
        xid=1,
        chaddr=bytes.fromhex(MAC.replace(":", "")),
        yiaddr=address,
        options={Option.MESSAGE_TYPE: bytes([sent])},
    )
    return Decision(MAC, MessageType.DISCOVER, 67, Client(kind), Reply(packet, "iPXE gets the boot script"))


@pytest.mark.parametrize(
    ("made", "mode", "step"),
    [
        pytest.param(decision(ClientKind.PXE, MessageType.OFFER), DhcpMode.FULL, "offer", id="firmware"),
        pytest.param(decision(ClientKind.IPXE, MessageType.OFFER), DhcpMode.PROXY, "offer", id="iPXE"),
        pytest.param(decision(ClientKind.IPXE, MessageType.ACK), DhcpMode.FULL, "lease", id="the lease"),
        pytest.param(
            decision(ClientKind.PXE, MessageType.ACK), DhcpMode.PROXY, None, id="the boot server's answer"
        ),
        pytest.param(
            decision(ClientKind.PLAIN, MessageType.OFFER), DhcpMode.FULL, None, id="an operating system"
        ),
        pytest.param(decision(ClientKind.IPXE, MessageType.NAK), DhcpMode.FULL, None, id="a refusal"),
        pytest.param(
            replace(decision(ClientKind.IPXE, MessageType.OFFER), outcome=Ignore("dhcp is off")),
            DhcpMode.FULL,
            None,
            id="silence",
        ),
    ],
)
def test_only_what_firmware_is_sent_is_a_step(made: Decision, mode: DhcpMode, step: str | None) -> None:
    event = dhcp_event(made, mode)

    assert (event.step if event else None) == step


def test_the_event_says_which_address_and_why() -> None:
    made = decision(ClientKind.IPXE, MessageType.OFFER)

    assert dhcp_event(made, DhcpMode.FULL) == Event(
        MAC, "offer", Result.OK, "10.77.0.11: iPXE gets the boot script"
    )


def test_the_servers_own_address_and_the_router_are_never_given_away() -> None:
    first, last, router = (IPv4Address(f"10.77.0.{number}") for number in (1, 9, 2))
    settings = ServerSettings(DhcpSettings(mode=DhcpMode.FULL, pool=(first, last), router=router))

    made = dhcp_settings(
        settings, "eth1", IPv4Interface("10.77.0.1/24"), boot_url="http://x", loaders=frozenset()
    )

    assert made.pool is not None
    assert [str(address) for address in made.pool][:2] == ["10.77.0.3", "10.77.0.4"]


def test_only_loaders_that_are_installed_are_advertised(tmp_path: Path) -> None:
    (tmp_path / "undionly.kpxe").write_bytes(b"x")
    (tmp_path / "other.kpxe").write_bytes(b"x")

    assert loader_files(tmp_path) == {"undionly.kpxe": tmp_path / "undionly.kpxe"}
