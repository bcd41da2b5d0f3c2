"""Which network a client is on."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from pxeserver.dhcp.leases import Refusal
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import Packet
from pxeserver.dhcp.subnet import Subnet, choose_subnet

SERVER = IPv4Address("10.77.0.1")
SUBNETS = (Subnet(IPv4Network("10.78.0.0/24"), 600), Subnet(IPv4Network("10.77.0.0/24"), 600))


def asked(*, giaddr: str = "0.0.0.0", ciaddr: str = "0.0.0.0", relay_agent: bytes | None = None) -> Packet:
    options: dict[int, bytes] = {Option.MESSAGE_TYPE: bytes((MessageType.DISCOVER,))}
    if relay_agent is not None:
        options[Option.RELAY_AGENT] = relay_agent
    return Packet(1, 1, bytes(6), options, giaddr=IPv4Address(giaddr), ciaddr=IPv4Address(ciaddr))


LINK_10_78 = b"\x05\x04\x0a\x4e\x00\x00"


@pytest.mark.parametrize(
    ("packet", "found"),
    [
        pytest.param(asked(), "10.77.0.0/24", id="on our own link"),
        pytest.param(asked(giaddr="10.78.0.1"), "10.78.0.0/24", id="where the relay is"),
        pytest.param(
            asked(giaddr="192.168.1.1", relay_agent=LINK_10_78), "10.78.0.0/24", id="what the relay selects"
        ),
        pytest.param(asked(ciaddr="10.78.0.100"), "10.78.0.0/24", id="a renewal past the relay"),
        pytest.param(asked(ciaddr="192.168.1.9"), "10.77.0.0/24", id="a machine that was elsewhere before"),
        pytest.param(asked(giaddr="10.78.0.1", relay_agent=b"\x05\x09\x0a"), "10.78.0.0/24", id="damaged"),
    ],
)
def test_a_client_is_in_the_subnet(packet: Packet, found: str) -> None:
    subnet = choose_subnet(SUBNETS, packet, SERVER)

    assert isinstance(subnet, Subnet)
    assert str(subnet.network) == found


@pytest.mark.parametrize(
    ("packet", "server", "reason"),
    [
        (asked(giaddr="10.99.0.1"), SERVER, "relay 10.99.0.1 is in no subnet"),
        (
            asked(giaddr="10.77.0.9", relay_agent=b"\x05\x04\x0a\x63\x00\x00"),
            SERVER,
            "relay selects link 10.99.0.0, which is in no subnet",
        ),
        (asked(), IPv4Address("10.99.0.1"), "10.99.0.1 is in no subnet"),
    ],
)
def test_a_client_of_an_unknown_network_gets_no_address(
    packet: Packet, server: IPv4Address, reason: str
) -> None:
    assert choose_subnet(SUBNETS, packet, server) == Refusal(reason)
