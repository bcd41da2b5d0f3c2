"""From a packet to what is sent back: classify, allocate, decide, remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import Client, classify
from pxeserver.boot.decide import (
    BOOT_SERVER_PORT,
    Context,
    DhcpMode,
    Ignore,
    Reply,
    decide,
    requested_address,
)
from pxeserver.dhcp.destination import addressed, reply_destination
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import AddressPlan, Lease, LeaseState, Refusal, Reservation, allocate
from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.packet import Packet, encode
from pxeserver.dhcp.subnet import Subnet, choose_subnet
from pxeserver.inventory.directive import Directive
from pxeserver.wire import Endpoint


@dataclass(frozen=True)
class DhcpSettings:
    """How one interface is served."""

    interface: str
    """Name of the network interface; packets of others are neither seen nor answered."""
    mode: DhcpMode
    sources: BootSources
    """What clients on this interface are told to load."""
    subnets: tuple[Subnet, ...] = ()
    """Needed in full mode: the interface's own network, and those behind relays."""

    @property
    def server(self) -> IPv4Address:
        """Our address on the interface: source of all replies, server identifier, TFTP server."""
        return self.sources.server


class Machines(Protocol):
    """What the inventory says; asked for every packet, so that a reloaded inventory counts at once."""

    def reservations(self) -> Mapping[str, Reservation]:
        """Reserved addresses and names, by MAC address in lower case with colons."""

    def directive(self, mac: str, client: Client) -> Directive:
        """What the operator wants of this machine."""


class EveryMachine:
    """An inventory that knows nobody and lets everybody boot."""

    def reservations(self) -> Mapping[str, Reservation]:
        return {}

    def directive(self, mac: str, client: Client) -> Directive:  # noqa: ARG002 - the same whoever asks
        return Directive()


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
    probe: IPv4Address | None = None
    """An address to be offered that this machine never had: somebody may use it without having asked us."""


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
        self._plans: dict[IPv4Network, AddressPlan] = {}

    def respond(self, packet: Packet, *, port: int, source: Endpoint) -> Decision:
        """The decision about a packet that came to our `port` from `source`.

        A lease is durable before this returns. A store that cannot keep it raises, and nothing may be sent.
        """
        now_unix_s = int(self._clock())
        client = classify(packet)
        context = self._context(packet, client, port, now_unix_s)
        outcome = decide(packet, client, context)
        probe = self._address_to_probe(context, outcome) if isinstance(outcome, Reply) else None
        self._remember(packet, context, outcome, now_unix_s)
        if isinstance(outcome, Ignore):
            return Decision(packet.mac, packet.message_type, port, client, outcome)
        # On port 4011 the client has an address and may ask from any port: it gets the answer where it asked.
        destination = source if port == BOOT_SERVER_PORT else reply_destination(packet, outcome.packet)
        reply = Reply(addressed(outcome.packet, destination), outcome.reason)
        datagram = encode(reply.packet)
        return Decision(packet.mac, packet.message_type, port, client, reply, destination, datagram, probe)

    def _context(self, packet: Packet, client: Client, port: int, now_unix_s: int) -> Context:
        settings = self._settings
        directive = self._machines.directive(packet.mac, client)
        context = Context(settings.mode, port, settings.sources, directive.permission, directive.loader)
        if settings.mode is not DhcpMode.FULL:
            return context
        reservations = self._machines.reservations()
        reservation = reservations.get(packet.mac)
        subnet = choose_subnet(settings.subnets, packet, settings.server)
        if isinstance(subnet, Refusal):
            return replace(context, subnet=subnet)
        allocation = allocate(
            self._plan(subnet, reservations),
            self._book.leases,
            own=self._book.of(packet.mac),
            mac=packet.mac,
            requested=requested_address(packet),
            now_unix_s=now_unix_s,
        )
        hostname = reservation.hostname if reservation is not None else None
        return replace(context, subnet=subnet, allocation=allocation, hostname=hostname)

    def _plan(self, subnet: Subnet, reservations: Mapping[str, Reservation]) -> AddressPlan:
        """Made once for each subnet and state of the inventory: which addresses are taken is worked out in it."""
        plan = self._plans.get(subnet.network)
        if plan is None or plan.reservations is not reservations:
            plan = AddressPlan(subnet.network, subnet.pool, reservations)
            self._plans[subnet.network] = plan
        return plan

    def _address_to_probe(self, context: Context, outcome: Reply) -> IPv4Address | None:
        lease, subnet = context.allocation, context.subnet
        if not isinstance(lease, Lease) or not isinstance(subnet, Subnet) or subnet.pool is None:
            return None
        if outcome.packet.message_type is not MessageType.OFFER or lease.address not in subnet.pool:
            return None
        held = self._book.leases.get(lease.address)
        is_its_own = held is not None and held.mac == lease.mac and held.state is not LeaseState.RELEASED
        return None if is_its_own else lease.address

    def withdraw(self, address: IPv4Address) -> None:
        """The probe of an address was answered: it stays out of the pool for a while."""
        self._book.set_aside(address, now_unix_s=int(self._clock()))

    def take_back(self, address: IPv4Address, mac: str) -> None:
        """The address was not offered after all."""
        self._book.release(address, mac, now_unix_s=int(self._clock()))

    def _remember(self, packet: Packet, context: Context, outcome: Reply | Ignore, now_unix_s: int) -> None:
        if context.mode is not DhcpMode.FULL or not isinstance(context.subnet, Subnet):
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
            self._book.bind(context.allocation, expires_unix_s=now_unix_s + context.subnet.lease_s)
