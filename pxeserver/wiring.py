"""From settings and inventory to what the DHCP and TFTP servers are given, and from their reports to events."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from pxeserver.boot.architectures import ARCHITECTURES
from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.decide import DhcpMode, Ignore, NetworkParameters
from pxeserver.boot.events import Event, Result
from pxeserver.config import ServerSettings
from pxeserver.dhcp.leases import Pool, Reservation
from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.responder import Decision, DhcpSettings
from pxeserver.inventory.model import Index
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.logs import log_decision
from pxeserver.metrics import Metrics
from pxeserver.tftp.session import TransferResult

LOADER_FOLDER = Path("/usr/lib/ipxe")  # of Debian's package ipxe

_dhcp_log = logging.getLogger("pxeserver.dhcp")
_tftp_log = logging.getLogger("pxeserver.tftp")
_drop_log = logging.getLogger("pxeserver.drops")


def loader_files(folder: Path = LOADER_FOLDER) -> dict[str, bytes | Path]:
    """The boot loaders that are installed, by the names they are advertised under."""
    names = {architecture.loader for architecture in ARCHITECTURES}
    return {name: folder / name for name in sorted(names) if (folder / name).is_file()}


def dhcp_settings(
    settings: ServerSettings,
    interface: str,
    address: IPv4Interface,
    *,
    boot_url: str,
    loaders: frozenset[str],
) -> DhcpSettings:
    dhcp = settings.dhcp
    is_full = dhcp.mode is DhcpMode.FULL
    network = NetworkParameters(address.network, dhcp.lease_s, dhcp.router, dhcp.dns, dhcp.domain)
    excluded = frozenset({address.ip, *((dhcp.router,) if dhcp.router else ())})
    return DhcpSettings(
        interface=interface,
        server=address.ip,
        mode=dhcp.mode,
        boot_url=boot_url,
        loaders=loaders,
        network=network if is_full else None,
        pool=Pool(*dhcp.pool, excluded=excluded) if dhcp.pool is not None else None,
    )


class InventoryMachines:
    """Reserved addresses of the inventory as it is now; worked out once for each state of it."""

    def __init__(self, inventory: LiveInventory) -> None:
        self._inventory = inventory
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

    def may_boot(self, mac: str, client: Client) -> bool:  # noqa: ARG002 - the script tells strangers why not
        return True


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
