"""Which DHCP decisions are steps of a boot."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore, Reply
from pxeserver.boot.events import Event, Result
from pxeserver.config import DhcpSettings, SubnetSettings
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import BOOTREPLY, Packet
from pxeserver.dhcp.responder import Decision
from pxeserver.errors import StartError
from pxeserver.wiring import Served, dhcp_event, dhcp_subnets

MAC = "52:54:00:77:00:01"
ADDRESS = IPv4Address("10.77.0.11")


def decision(kind: ClientKind, sent: MessageType, address: IPv4Address = ADDRESS) -> Decision:
    packet = Packet(
        op=BOOTREPLY,
        xid=1,
        chaddr=bytes.fromhex(MAC.replace(":", "")),
        yiaddr=address,
        options={Option.MESSAGE_TYPE: bytes([sent]), Option.BOOT_FILE: b"x\0"},
    )
    return Decision(MAC, MessageType.DISCOVER, 67, Client(kind), Reply(packet, "iPXE gets the boot script"))


def without_file(made: Decision) -> Decision:
    assert isinstance(made.outcome, Reply)
    options: dict[int, bytes] = {Option.MESSAGE_TYPE: made.outcome.packet.options[Option.MESSAGE_TYPE]}
    return replace(made, outcome=Reply(replace(made.outcome.packet, options=options), made.outcome.reason))


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
        pytest.param(
            without_file(decision(ClientKind.PXE, MessageType.OFFER)), DhcpMode.FULL, None, id="an address"
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


def test_the_servers_own_addresses_and_the_router_are_never_given_away() -> None:
    first, last, router = (IPv4Address(f"10.77.0.{number}") for number in (1, 9, 2))
    dhcp = DhcpSettings(DhcpMode.FULL, SubnetSettings(pool=(first, last), router=router))

    (made,) = dhcp_subnets(dhcp, [Served("eth1", IPv4Interface("10.77.0.1/24"))])

    assert made.pool is not None
    assert [str(address) for address in made.pool][:2] == ["10.77.0.3", "10.77.0.4"]


def test_pool_and_router_go_to_the_interface_they_belong_to_and_a_listed_subnet_stands_for_itself() -> None:
    listed = SubnetSettings(network=IPv4Network("10.78.0.0/24"), router=IPv4Address("10.78.0.1"))
    own = SubnetSettings(
        pool=(IPv4Address("10.79.0.50"), IPv4Address("10.79.0.60")), router=IPv4Address("10.79.0.1")
    )
    interfaces = [
        Served("eth1", IPv4Interface("10.77.0.1/24")),
        Served("eth2.20", IPv4Interface("10.79.0.1/24")),
    ]

    made = dhcp_subnets(DhcpSettings(DhcpMode.FULL, own, (listed,)), interfaces)

    assert [(str(subnet.network), str(subnet.router), subnet.pool is not None) for subnet in made] == [
        ("10.78.0.0/24", "10.78.0.1", False),
        ("10.77.0.0/24", "None", False),
        ("10.79.0.0/24", "10.79.0.1", True),
    ]


def test_a_pool_in_no_network_of_ours_is_refused_at_the_start() -> None:
    own = SubnetSettings(pool=(IPv4Address("10.99.0.50"), IPv4Address("10.99.0.60")))

    with pytest.raises(StartError, match=r"dhcp.pool: 10.99.0.50 is outside 10.77.0.0/24"):
        dhcp_subnets(DhcpSettings(DhcpMode.FULL, own), [Served("eth1", IPv4Interface("10.77.0.1/24"))])
