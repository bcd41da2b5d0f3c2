"""From settings and inventory to what the DHCP and TFTP servers are given, and from their reports to events."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from pxeserver.arming_book import ArmingBook
from pxeserver.boot.choice import BootSources
from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore
from pxeserver.boot.events import Event, Result
from pxeserver.boot.policy import Verdict
from pxeserver.config import DhcpSettings as DhcpConfig
from pxeserver.config import ServerSettings, SubnetSettings
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import Pool, Reservation
from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.responder import Decision, DhcpSettings
from pxeserver.dhcp.subnet import Subnet
from pxeserver.errors import StartError
from pxeserver.inventory.directive import Defaults, Directive, directive
from pxeserver.inventory.model import Index, Labels
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.logs import log_decision
from pxeserver.metrics import Metrics
from pxeserver.render.variables import ServerUrls
from pxeserver.tftp.session import TransferResult

_dhcp_log = logging.getLogger("pxeserver.dhcp")
_tftp_log = logging.getLogger("pxeserver.tftp")
_drop_log = logging.getLogger("pxeserver.drops")


@dataclass(frozen=True, slots=True)
class Served:
    """One interface with the address that is spoken from."""

    interface: str
    address: IPv4Interface

    def urls(self, settings: ServerSettings) -> ServerUrls:
        """Of this server as the machines on this interface reach it."""
        own = f"http://{self.address.ip}"
        return ServerUrls(
            f"{own}:{settings.http_port}", settings.assets_url or f"{own}:{settings.assets_port}"
        )


def dhcp_settings(
    settings: ServerSettings, served: Served, subnets: tuple[Subnet, ...], loaders: Set[str]
) -> DhcpSettings:
    control = served.urls(settings).control
    sources = BootSources(served.address.ip, f"{control}/boot.ipxe", loaders, f"{control}/loaders")
    return DhcpSettings(served.interface, settings.dhcp.mode, sources, subnets)


def dhcp_subnets(dhcp: DhcpConfig, interfaces: Sequence[Served]) -> tuple[Subnet, ...]:
    """The subnets of full mode: those of the settings, and our interfaces' own that are not among them.

    StartError when the pool or the router are in no network of ours: nobody would ever get them.
    """
    ours = [served.address for served in interfaces]
    described = {listed.network for listed in dhcp.subnets}
    own = [dhcp.own_in(address.network) for address in ours if address.network not in described]
    if (
        dhcp.mode is DhcpMode.FULL
        and dhcp.own.pool is not None
        and not any(settings.pool for settings in own)
    ):
        networks = ", ".join(str(address.network) for address in ours)
        raise StartError(
            f"dhcp.pool: {dhcp.own.pool[0]} is outside {networks}; set it right, or list its subnet"
        )
    return tuple(_subnet(settings, ours) for settings in (*dhcp.subnets, *own))


def _subnet(settings: SubnetSettings, ours: Sequence[IPv4Interface]) -> Subnet:
    assert settings.network is not None
    taken = {address.ip for address in ours} | ({settings.router} if settings.router else set())
    return Subnet(
        network=settings.network,
        lease_s=settings.lease_s,
        router=settings.router,
        dns=settings.dns,
        domain=settings.domain,
        pool=Pool(*settings.pool, excluded=frozenset(taken)) if settings.pool else None,
    )


class InventoryMachines:
    """What the inventory says now; reservations are worked out once for each state of it."""

    def __init__(self, inventory: LiveInventory, armings: ArmingBook, defaults: Defaults) -> None:
        self._inventory = inventory
        self._armings = armings
        self._defaults = defaults
        self._index: Index | None = None
        self._reservations: Mapping[str, Reservation] = {}

    def reservations(self) -> Mapping[str, Reservation]:
        index = self._inventory.index
        if index is not self._index:
            self._reservations = {
                machine.mac: Reservation(machine.mac, machine.address, machine.hostname)
                for machine in index.machines.values()
            }
            self._index = index
        return self._reservations

    def directive(self, mac: str, client: Client) -> Directive:
        arch = client.architecture.build if client.architecture is not None else ""
        labels = Labels(mac=mac, uuid=client.uuid or "", arch=arch)
        return directive(self._inventory.index, labels, self._armings.of(mac), self._defaults)


@dataclass(frozen=True, slots=True)
class TftpPermission:
    """Port 69 knows addresses only: who has one from us is known by its lease."""

    book: LeaseBook
    machines: InventoryMachines

    def __call__(self, address: IPv4Address) -> str | None:
        """Why nothing is sent to an address; None when it may have all there is."""
        lease = self.book.leases.get(address)
        if lease is None:
            return None
        permission = self.machines.directive(lease.mac, Client(ClientKind.PLAIN)).permission
        return permission.reason if permission.verdict is Verdict.SILENCE else None


class DhcpReports:
    """Takes the DHCP server's decisions: a log line for each, an event for those that a boot is made of."""

    def __init__(self, journal: Journal, mode: DhcpMode, metrics: Metrics) -> None:
        self._journal = journal
        self._mode = mode
        self._metrics = metrics

    def __call__(self, decision: Decision) -> None:
        event = dhcp_event(decision, self._mode)
        outcome = decision.outcome
        log_decision(
            _dhcp_log,
            "ignored" if isinstance(outcome, Ignore) else "answered",
            mac=decision.mac,
            step=event.step if event else None,
            packet=decision.message_type.name,
            reply=None if isinstance(outcome, Ignore) else outcome.packet.message_type.name,
            destination=decision.destination,
            reason=outcome.reason,
        )
        if isinstance(outcome, Ignore):
            self._metrics.ignored(outcome.reason)
        else:
            self._metrics.replied(outcome.packet.message_type.name, decision.client.kind)
        if event is not None:
            self._journal.record_soon(event)


def dhcp_event(decision: Decision, mode: DhcpMode) -> Event | None:
    """The boot step that a decision was; None for other clients than firmware, and for what is no step."""
    if isinstance(decision.outcome, Ignore) or decision.client.kind is ClientKind.PLAIN:
        return None
    packet = decision.outcome.packet
    if Option.BOOT_FILE not in packet.options:
        return None  # an address and nothing to boot, or a refusal
    message = f"{packet.yiaddr}: {decision.outcome.reason}" if int(packet.yiaddr) else decision.outcome.reason
    if packet.message_type is MessageType.OFFER:
        return Event(machine=decision.mac, step="offer", result=Result.OK, message=message)
    if packet.message_type is MessageType.ACK and mode is DhcpMode.FULL:
        return Event(machine=decision.mac, step="lease", result=Result.OK, message=message)
    return None


@dataclass(frozen=True, slots=True)
class TransferReports:
    """Takes the TFTP server's reports: a log line and a count for each request that ended."""

    metrics: Metrics

    def __call__(self, result: TransferResult) -> None:
        log_decision(
            _tftp_log,
            f"{result.outcome} {result.file}",
            address=result.client,
            bytes=result.acknowledged_bytes,
            duration_ms=round(result.duration_s * 1000),
            reason=result.detail or None,
        )
        self.metrics.transferred(result.outcome.value, result.acknowledged_bytes, result.duration_s)


@dataclass(frozen=True, slots=True)
class DropReports:
    """Takes the reports about packets that nothing can be done with."""

    protocol: str
    metrics: Metrics

    def __call__(self, reason: str) -> None:
        log_decision(_drop_log, f"{self.protocol} packet dropped", reason=reason)
        self.metrics.dropped(self.protocol)
