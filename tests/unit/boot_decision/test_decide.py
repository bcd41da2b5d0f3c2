"""Why a packet is not answered, or is answered without boot data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import classify
from pxeserver.boot.decide import Context, DhcpMode, Ignore, Reply, decide
from pxeserver.boot.policy import BootMode, permit
from pxeserver.dhcp.leases import Lease, LeaseState, Refusal
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import Packet, encode, parse
from pxeserver.dhcp.subnet import Subnet

S = IPv4Address("10.77.0.1")
SOURCES = BootSources(S, "http://10.77.0.1:8080/boot.ipxe", frozenset(("undionly.kpxe",)))
PROXY = Context(DhcpMode.PROXY, 67, SOURCES)
FULL = replace(
    PROXY,
    mode=DhcpMode.FULL,
    subnet=Subnet(IPv4Network("10.77.0.0/24"), 600),
    allocation=Lease(IPv4Address("10.77.0.100"), "52:54:00:12:34:56", LeaseState.OFFERED, 60),
)
BOOT_SERVER = replace(PROXY, port=4011)


def packet(message_type: MessageType, architecture: int | None = 0) -> Packet:
    options: dict[int, bytes] = {Option.MESSAGE_TYPE: bytes((message_type,))}
    if architecture is not None:
        options[Option.CLIENT_ARCHITECTURE] = architecture.to_bytes(2, "big")
    return Packet(1, 1, bytes.fromhex("525400123456"), options)


DISCOVER = packet(MessageType.DISCOVER)
REQUEST = packet(MessageType.REQUEST)


@pytest.mark.parametrize(
    ("asked", "context", "reason"),
    [
        (replace(DISCOVER, op=2), PROXY, "a reply, not a request"),
        (replace(DISCOVER, chaddr=bytes(8)), PROXY, "hardware address of 8 bytes: only Ethernet is served"),
        (DISCOVER, replace(PROXY, mode=DhcpMode.OFF), "dhcp is off"),
        (REQUEST, PROXY, "REQUEST is for the DHCP server: the proxy answers DISCOVER"),
        (packet(MessageType.DISCOVER, None), PROXY, "no option 93: not a network boot client"),
        (packet(MessageType.DISCOVER, 14), PROXY, "no loader for architecture 14"),
        (packet(MessageType.DISCOVER, 7), PROXY, "loader 'snponly.efi' for x86-64 UEFI is not installed"),
        (
            packet(MessageType.DISCOVER, 16),
            replace(PROXY, sources=replace(SOURCES, loaders=frozenset(("snponly.efi",)))),
            "loaders are not served over HTTP",
        ),
        (DISCOVER, BOOT_SERVER, "DISCOVER on port 4011: only REQUEST and INFORM make sense there"),
        (packet(MessageType.REQUEST, None), BOOT_SERVER, "no option 93: not a network boot client"),
        (REQUEST, replace(FULL, port=4011), "port 4011 is answered in proxy mode only"),
        (DISCOVER, replace(FULL, allocation=Refusal("all addresses are in use")), "all addresses are in use"),
        (DISCOVER, replace(FULL, subnet=None), "full mode needs a subnet"),
        (
            DISCOVER,
            replace(FULL, subnet=Refusal("relay 10.78.0.1 is in no subnet")),
            "relay 10.78.0.1 is in no subnet",
        ),
        (DISCOVER, replace(PROXY, permission=permit(BootMode.NEVER, None)), "boot: never"),
        (packet(MessageType.ACK), FULL, "ACK is sent by servers"),
    ],
)
def test_a_packet_is_ignored_for_a_reason(asked: Packet, context: Context, reason: str) -> None:
    assert decide(asked, classify(asked), context) == Ignore(reason)


@pytest.mark.parametrize(
    ("asked", "context", "reason"),
    [
        (
            packet(MessageType.DISCOVER, None),
            FULL,
            "address without boot data: no option 93: not a network boot client",
        ),
        (
            packet(MessageType.DISCOVER, 7),
            FULL,
            "address without boot data: loader 'snponly.efi' for x86-64 UEFI is not installed",
        ),
    ],
)
def test_full_mode_gives_an_address_even_without_boot_data(
    asked: Packet, context: Context, reason: str
) -> None:
    outcome = decide(asked, classify(asked), context)

    assert isinstance(outcome, Reply)
    assert (outcome.reason, outcome.packet.file, str(outcome.packet.yiaddr)) == (reason, b"", "10.77.0.100")
    assert Option.BOOT_FILE not in outcome.packet.options


def test_a_request_that_cannot_be_met_is_refused_with_the_reason() -> None:
    outcome = decide(
        REQUEST, classify(REQUEST), replace(FULL, allocation=Refusal("all addresses are in use"))
    )

    assert isinstance(outcome, Reply)
    assert outcome.packet.message_type is MessageType.NAK
    assert outcome.packet.options[Option.MESSAGE] == b"all addresses are in use"


OPTIONS = st.dictionaries(st.integers(1, 254), st.binary(max_size=20), max_size=10)


@given(
    st.sampled_from(MessageType),
    OPTIONS,
    st.sampled_from((PROXY, BOOT_SERVER, FULL, replace(PROXY, mode=DhcpMode.OFF))),
)
def test_every_packet_gets_a_decision_and_every_reply_can_be_read(
    message_type: MessageType, options: Mapping[int, bytes], context: Context
) -> None:
    asked = replace(DISCOVER, options={**options, Option.MESSAGE_TYPE: bytes((message_type,))})

    outcome = decide(asked, classify(asked), context)

    assert outcome.reason
    if isinstance(outcome, Reply):
        assert parse(encode(outcome.packet)) == outcome.packet
