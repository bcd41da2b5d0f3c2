"""What the server needs to remember, as one contract that every store keeps and one test suite checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pxeserver.boot.events import Event, StoredEvent
from pxeserver.boot.policy import Arming
from pxeserver.dhcp.leases import Lease
from pxeserver.discovery.registry import Registry


@dataclass(frozen=True, slots=True)
class SeenMachine:
    """What a machine said about itself when it last asked for a boot script."""

    mac: str
    uuid: str
    serial: str
    arch: str
    address: str
    seen_at: float
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of one machine. `token_sha256` and `address` are empty until its script has been served."""

    machine: str
    number: int
    started_at: float
    has_script: bool
    token_sha256: str
    address: str


@dataclass(frozen=True, slots=True)
class ScriptGrant:
    """What comes with a served boot script: the digest of the boot's token, and the address that asked."""

    token_sha256: str
    address: str


class Store(Protocol):
    """Durable before it returns, callable from any thread; raises StoreError when it cannot do its work."""

    def save_seen(self, machine: SeenMachine) -> None: ...

    def seen(self, mac: str) -> SeenMachine | None: ...

    def seen_machines(self) -> tuple[SeenMachine, ...]: ...

    def record(self, event: Event, *, at: float, grant: ScriptGrant | None = None) -> StoredEvent | None:
        """Stores an event in the boot it belongs to, beginning a new boot when it says so.

        The same event twice in one boot is stored once (guests send again when an answer got lost, firmware
        repeats itself); then the answer is None.
        """
        ...

    def record_in(self, boot: int, event: Event, *, at: float) -> StoredEvent | None:
        """As `record`, in a boot that is already known. In boot 0, the server's own, repetitions are news."""
        ...

    def latest_boot(self, machine: str) -> Boot | None: ...

    def recent_boots(self, machine: str, limit: int) -> tuple[Boot, ...]:
        """Newest first."""
        ...

    def boot_at(self, address: str) -> Boot | None:
        """The boot that last got its script at this IP address."""
        ...

    def save_boot_address(self, machine: str, address: str) -> None:
        """Where the latest boot's script went, when that was not known as it was made."""
        ...

    def boot_events(self, machine: str, boot: int) -> tuple[StoredEvent, ...]:
        """In the order they were stored."""
        ...

    def events_after(self, event_id: int, limit: int) -> tuple[StoredEvent, ...]: ...

    def newest_events(self, limit: int) -> tuple[StoredEvent, ...]:
        """Newest first."""
        ...

    def machine_events(self, machine: str, limit: int) -> tuple[StoredEvent, ...]:
        """The newest of all its boots, in the order they were stored."""
        ...

    def armings(self) -> Mapping[str, Arming]:
        """What is kept about machines, by MAC address."""
        ...

    def save_arming(self, mac: str, arming: Arming) -> None: ...

    def leases(self) -> Iterable[Lease]: ...

    def save_lease(self, lease: Lease) -> None:
        """Replaces what was kept for `lease.address`."""
        ...

    def add_registry(self, registry: Registry, *, group: str | None, at: float) -> None: ...

    def registry(self, token: str) -> Registry | None: ...

    def group_registry(self, group: str) -> Registry | None:
        """The newest token of a group."""
        ...

    def replace_registry(self, old: Registry, new: Registry) -> bool:
        """Stores what `new` has more than `old`; False when someone else changed it since `old` was read."""
        ...

    def prune(self, before: float) -> int:
        """Forgets what ended before this time, and says how many rows that were.

        Kept whatever their age: the latest boot of each machine with its events and its token, what machines
        said about themselves, the newest discovery token of each group and all that members registered with.
        """
        ...

    def close(self) -> None: ...
