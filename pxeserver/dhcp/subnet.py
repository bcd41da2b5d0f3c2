"""The networks that addresses are given out in, and which of them a client is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from pxeserver.dhcp.leases import Pool, Refusal
from pxeserver.dhcp.options import Option, RelayOption, read_address, read_options
from pxeserver.dhcp.packet import UNSPECIFIED, Packet
from pxeserver.wire import WireError


@dataclass(frozen=True)
class Subnet:
    """What a client is told about its network, and the addresses for those without a reserved one."""

    network: IPv4Network
    lease_s: int
    router: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = ()
    domain: str | None = None
    pool: Pool | None = None
    """None: only machines with a reserved address get one."""


def choose_subnet(subnets: Sequence[Subnet], packet: Packet, server: IPv4Address) -> Subnet | Refusal:
    """The client's network: what the relay says, else where its address is, else the interface's own."""
    link = _link_selection(packet)
    if link is not None:
        return _holding(subnets, link) or Refusal(f"relay selects link {link}, which is in no subnet")
    if packet.is_relayed:
        return _holding(subnets, packet.giaddr) or Refusal(f"relay {packet.giaddr} is in no subnet")
    # A renewal goes straight to the server, also from behind a relay.
    renewing = _holding(subnets, packet.ciaddr) if packet.ciaddr != UNSPECIFIED else None
    return renewing or _holding(subnets, server) or Refusal(f"{server} is in no subnet")


def _holding(subnets: Sequence[Subnet], address: IPv4Address) -> Subnet | None:
    return next((subnet for subnet in subnets if address in subnet.network), None)


def _link_selection(packet: Packet) -> IPv4Address | None:
    """RFC 3527: the link, when the relay is reached at another address than its clients have."""
    try:
        relay_options = read_options(packet.options.get(Option.RELAY_AGENT, b""))
    except WireError:  # it is echoed as it came all the same
        return None
    return read_address(relay_options.get(RelayOption.LINK_SELECTION, b""))
