"""From a packet to what is sent back: classify, allocate, decide, remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

from pxeserver.boot.client import Client, classify
from pxeserver.boot.decide import (
    BOOT_SERVER_PORT,
    Context,
    DhcpMode,
    Ignore,
    NetworkParameters,
    Reply,
    decide,
    requested_address,
)
from pxeserver.dhcp.destination import addressed, reply_destination
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import AddressPlan, Lease, Pool, Refusal, Reservation, allocate
from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.packet import Packet, encode
from pxeserver.wire import Endpoint


@dataclass(frozen=True)
class DhcpSettings:
    """How one interface is served."""

    interface: str
    """Name of the network interface; packets of others are neither seen nor answered."""
    server: IPv4Address
    """Our address on that interface: source of all replies, server identifier, TFTP server."""
    mode: DhcpMode
    boot_url: str
    """The first iPXE script, such as http://10.77.0.1:8080/boot.ipxe."""
    loaders: frozenset[str]
    """File names of the loaders the TFTP server has."""
    loader_url: str | None = None
    """Where the loaders are served over HTTP, without a final slash. None: no UEFI HTTP boot."""
    network: NetworkParameters | None = None
    """Needed in full mode."""
    pool: Pool | None = None
    """Full mode: addresses for machines without a reserved one. None: such machines get none."""


class Machines(Protocol):
    """What the inventory says; asked for every packet, so that a reloaded inventory counts at once."""

    def reservations(self) -> Mapping[str, Reservation]:
        """Reserved addresses and names, by MAC address in lower case with colons."""

    def may_boot(self, mac: str, client: Client) -> bool:
        """Whether this machine gets boot data."""


class EveryMachine:
    """An inventory that knows nobody and lets everybody boot."""

    def reservations(self) -> Mapping[str, Reservation]:
        return {}

    def may_boot(self, mac: str, client: Client) -> bool:  # noqa: ARG002 - the answer is yes whoever asks
        return True


@dataclass(frozen=True)
class Decision:
    """One packet and what became of it."""

    mac: str
    message_type: MessageType
    port: int
    """The local port it came to: 67 or 4011."""
    client: Client
    outcome: Reply | Ignore
    destination: Endpoint | None = None
    """Where the reply goes; None if there is none."""
    datagram: bytes = b""


class Responder:
    """Answers packets for one interface, without sockets."""

    def __init__(
        self, settings: DhcpSettings, book: LeaseBook, machines: Machines, clock: Callable[[], float]
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._settings = settings
        self._book = book
        self._machines = machines
        self._clock = clock

    def respond(self, packet: Packet, *, port: int, source: Endpoint) -> Decision:
        """The decision about a packet that came to our `port` from `source`.

        A lease is durable before this returns. A store that cannot keep it raises, and nothing may be sent.
        """
        now_unix_s = int(self._clock())
        client = classify(packet)
        context = self._context(packet, client, port, now_unix_s)
        outcome = decide(packet, client, context)
        self._remember(packet, context, outcome, now_unix_s)
        if isinstance(outcome, Ignore):
            return Decision(packet.mac, packet.message_type, port, client, outcome)
        # On port 4011 the client has an address and may ask from any port: it gets the answer where it asked.
        destination = source if port == BOOT_SERVER_PORT else reply_destination(packet, outcome.packet)
        reply = Reply(addressed(outcome.packet, destination), outcome.reason)
        datagram = encode(reply.packet)
        return Decision(packet.mac, packet.message_type, port, client, reply, destination, datagram)

    def _context(self, packet: Packet, client: Client, port: int, now_unix_s: int) -> Context:
        settings = self._settings
        reservations = self._machines.reservations()
        reservation = reservations.get(packet.mac)
        return Context(
            mode=settings.mode,
            port=port,
            server=settings.server,
            boot_url=settings.boot_url,
            loaders=settings.loaders,
            may_boot=self._machines.may_boot(packet.mac, client),
            loader_url=settings.loader_url,
            network=settings.network,
            allocation=self._allocate(packet, reservations, now_unix_s),
            hostname=reservation.hostname if reservation is not None else None,
        )

    def _allocate(
        self, packet: Packet, reservations: Mapping[str, Reservation], now_unix_s: int
    ) -> Lease | Refusal | None:
        if self._settings.mode is not DhcpMode.FULL:
            return None
        plan = AddressPlan(self._settings.pool, reservations)
        return allocate(
            plan,
            self._book.leases,
            mac=packet.mac,
            requested=requested_address(packet),
            now_unix_s=now_unix_s,
        )

    def _remember(self, packet: Packet, context: Context, outcome: Reply | Ignore, now_unix_s: int) -> None:
        if context.mode is not DhcpMode.FULL or context.network is None:
            return
        match packet.message_type:
            case MessageType.RELEASE:
                self._book.release(packet.ciaddr, packet.mac, now_unix_s=now_unix_s)
            case MessageType.DECLINE:
                self._book.decline(requested_address(packet), packet.mac, now_unix_s=now_unix_s)
        if isinstance(outcome, Ignore) or not isinstance(context.allocation, Lease):
            return
        if outcome.packet.message_type is MessageType.OFFER:
            self._book.hold(context.allocation)
        elif outcome.packet.message_type is MessageType.ACK and packet.message_type is MessageType.REQUEST:
            self._book.bind(context.allocation, expires_unix_s=now_unix_s + context.network.lease_s)
