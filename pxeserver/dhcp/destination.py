"""Where a DHCP reply is sent (RFC 2131 sec. 4.1, and what clients without an address need)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.packet import BROADCAST_FLAG, UNSPECIFIED, Packet
from pxeserver.wire import Endpoint

CLIENT_PORT = 68
RELAY_PORT = 67
EVERYBODY = IPv4Address("255.255.255.255")


def reply_destination(request: Packet, reply: Packet) -> Endpoint:
    """Where the reply to a request on port 67 goes; broadcasts are meant for the interface it came from."""
    if request.is_relayed:
        # To the relay's server port, not to where the packet came from: relays drop anything else.
        return Endpoint(request.giaddr, RELAY_PORT)
    if request.ciaddr != UNSPECIFIED and reply.message_type is not MessageType.NAK:
        return Endpoint(request.ciaddr, CLIENT_PORT)
    # The client has no address yet, so it cannot answer ARP. A unicast would need a raw socket.
    return Endpoint(EVERYBODY, CLIENT_PORT)


def addressed(reply: Packet, destination: Endpoint) -> Packet:
    """The reply, its broadcast flag as it travels on (RFC 2131 sec. 4.1; for a relayed NAK, sec. 4.3.2)."""
    is_broadcast = destination.address == EVERYBODY
    if is_broadcast or (reply.is_relayed and reply.message_type is MessageType.NAK):
        return replace(reply, flags=reply.flags | BROADCAST_FLAG)
    return reply
