"""What the handlers of the control application work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pxeserver.arming_book import ArmingBook
from pxeserver.boot.events import Event, Result
from pxeserver.boot.steps import expected_steps
from pxeserver.config import ServerSettings
from pxeserver.discovery.service import DiscoveryService
from pxeserver.inventory.directive import Defaults, Directive, directive
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Group, Index, Labels
from pxeserver.inventory.select import Selection, select
from pxeserver.inventory.watch import LiveInventory
from pxeserver.journal import Journal
from pxeserver.metrics import Metrics
from pxeserver.render.boots import NotReady, Ready, Surroundings, foreign_images, prepare_boot
from pxeserver.render.variables import ServerUrls
from pxeserver.store.contract import Boot, Store
from pxeserver.trust.tokens import matching_digest
from pxeserver.web.labels import labels_of
from pxeserver.web.table import MachineRow, machine_rows

# A request for another script begins a new boot; what still runs of the one before may go on reporting.
KEPT_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Services:
    settings: ServerSettings
    urls: ServerUrls
    store: Store
    journal: Journal
    inventory: LiveInventory
    images: ImageShelf
    discovery: DiscoveryService
    clock: Callable[[], float]
    metrics: Metrics
    armings: ArmingBook
    loaders: Mapping[str, bytes | Path] = field(default_factory=dict)  # by the names they are served under
    given: Mapping[str, str] = field(default_factory=dict)  # template variables of the command line

    @property
    def index(self) -> Index:
        return self.inventory.index

    def prepare(self, labels: Labels) -> Ready | NotReady:
        """What the machine boots, or why it does not."""
        index = self.index
        if not index.groups and self.inventory.findings:
            return NotReady("the inventory has errors", self.inventory.findings)
        return prepare_boot(index, labels, self.surroundings)

    @property
    def defaults(self) -> Defaults:
        return Defaults(self.settings.loader, self.settings.ignores_unknown)

    def directive(self, labels: Labels) -> Directive:
        """What the operator wants of this machine now."""
        return directive(self.index, labels, self.armings.of(labels.mac), self.defaults)

    def note_step(self, mac: str, step: str) -> None:
        """A machine that boots once is done when it reports the last of its steps."""
        labels = labels_of(self.store.seen(mac), mac)
        selection = select(self.index, labels)
        if not isinstance(selection, Selection):
            return
        has_etcd = selection.group.etcd_size is not None
        if step == expected_steps(dhcp_mode=self.settings.dhcp.mode, etcd=has_etcd)[-1]:
            self.armings.done(mac, self.directive(labels).mode)

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.images.images(), self.urls, self.discovery_url, self.given)

    def discovery_url(self, group: Group) -> str:
        token = self.discovery.group_token(group.name, group.etcd_size or 1)
        return f"{self.urls.control}/discovery/{token}"

    def boot_of_token(self, machine: str, token: str) -> Boot | None:
        """The boot this token was made for, when it is one of the machine's latest."""
        boots = self.store.recent_boots(machine, KEPT_TOKENS)
        digests = {boot.token_sha256: boot for boot in boots if boot.token_sha256}
        digest = matching_digest(token, digests)
        return digests[digest] if digest is not None else None

    def machine_at(self, address: str, name: str) -> str | None:
        """The MAC address of the machine that speaks from an address.

        Most machines keep the address they got their boot script at. One with a static address of its own is
        found by the inventory, or by the name it gives itself.
        """
        boot = self.store.boot_at(address)
        if boot is not None:
            return boot.machine
        machines = self.index.machines.values()
        by_address = (machine.mac for machine in machines if str(machine.address) == address)
        by_name = (machine.mac for machine in machines if name in {machine.name, machine.hostname})
        return next(by_address, None) or next(by_name, None)

    def machine_rows(self) -> tuple[MachineRow, ...]:
        """What the page and the API show of the machines."""
        return machine_rows(
            self.index, self.store, self.settings.dhcp.mode, foreign_images(self.images.images())
        )

    def record_config_served(self, boot: Boot, what: str) -> None:
        """For systems that do not report by themselves what they have fetched."""
        event = Event(machine=boot.machine, step="config", result=Result.OK, message=what)
        self.journal.record_in(boot.number, event)

    def record(self, event: Event) -> None:
        self.journal.record(event)
