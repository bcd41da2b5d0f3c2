"""The table of machines and steps: what the page and the API show, from inventory and events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pxeserver.boot.events import Result, StoredEvent, event_json
from pxeserver.boot.steps import expected_steps, sequence_of
from pxeserver.inventory.model import Index
from pxeserver.inventory.select import Selection, select
from pxeserver.store.contract import Boot, SeenMachine, Store
from pxeserver.web.labels import labels_of


class State(StrEnum):
    FAILED = "failed"
    OK = "ok"
    PENDING = "pending"
    RUNNING = "running"


_STATES = {Result.FAILED: State.FAILED, Result.OK: State.OK, Result.START: State.RUNNING}


@dataclass(frozen=True, slots=True)
class StepCell:
    """One step of a machine's latest boot. `after_ms` counts from the start of the boot."""

    id: str
    state: State
    duration_ms: int | None = None
    after_ms: int | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class MachineRow:
    mac: str
    name: str
    hostname: str | None
    group: str | None
    address: str | None
    boot: Boot | None
    steps: tuple[StepCell, ...]
    sequence: tuple[str, ...]
    failure: StoredEvent | None
    last: StoredEvent | None

    @property
    def state(self) -> State:
        states = {cell.state for cell in self.steps}
        if self.failure is not None:
            return State.FAILED
        if states == {State.OK}:
            return State.OK
        return State.RUNNING if states & {State.OK, State.RUNNING} else State.PENDING


def machine_rows(
    index: Index, store: Store, dhcp_mode: str, foreign: frozenset[str] = frozenset()
) -> tuple[MachineRow, ...]:
    """All machines of the inventory by name, then those that only showed up, by address. `foreign`: images that
    do not have our agent, which reports."""
    seen = {machine.mac: machine for machine in store.seen_machines()}
    known = [machine.mac for machine in sorted(index.machines.values(), key=lambda machine: machine.name)]
    strangers = sorted(seen.keys() - set(known))
    macs = (*known, *strangers)
    return tuple(_row(index, store, mac, seen.get(mac), dhcp_mode, foreign) for mac in macs)


def row_json(row: MachineRow) -> dict[str, object]:
    return {
        "mac": row.mac,
        "name": row.name,
        "hostname": row.hostname,
        "group": row.group,
        "address": row.address,
        "state": row.state.value,
        "boot": row.boot.number if row.boot else None,
        "started_at": row.boot.started_at if row.boot else None,
        "steps": [
            {
                "id": cell.id,
                "state": cell.state.value,
                "duration_ms": cell.duration_ms,
                "after_ms": cell.after_ms,
                "attempt": cell.attempt,
            }
            for cell in row.steps
        ],
        "sequence": list(row.sequence),
        "failure": event_json(row.failure) if row.failure else None,
        "last_event": event_json(row.last) if row.last else None,
    }


def step_cells(
    expected: Sequence[str], events: Sequence[StoredEvent], started_at: float
) -> tuple[StepCell, ...]:
    """The newest state of every step that is expected or has happened anyway, in the order of the steps."""
    newest = {stored.event.step: stored for stored in events}
    ids = (*expected, *(step for step in newest if step not in expected))
    return tuple(
        _cell(newest[step], events, started_at) if step in newest else StepCell(step, State.PENDING)
        for step in ids
    )


def newest_failure(events: Sequence[StoredEvent]) -> StoredEvent | None:
    """The latest failure that has not been made good by the same step since."""
    newest = {stored.event.step: stored for stored in events}
    failed = [stored for stored in newest.values() if stored.event.result is Result.FAILED]
    return max(failed, key=lambda stored: stored.id, default=None)


def _row(
    index: Index, store: Store, mac: str, seen: SeenMachine | None, dhcp_mode: str, foreign: frozenset[str]
) -> MachineRow:
    machine = index.by_mac.get(mac)
    boot = store.latest_boot(mac)
    events = store.boot_events(mac, boot.number) if boot else ()
    selection = select(index, labels_of(seen, mac))
    group = selection.group if isinstance(selection, Selection) else None
    expected = expected_steps(
        dhcp_mode=dhcp_mode,
        etcd=group is not None and group.etcd_size is not None,
        has_agent=not (isinstance(selection, Selection) and selection.profile.image in foreign),
    )
    address = str(machine.address) if machine and machine.address else None
    return MachineRow(
        mac=mac,
        name=machine.name if machine else mac.replace(":", "-"),
        hostname=machine.hostname if machine else None,
        group=group.name if group else None,
        address=address or (seen.address if seen else None),
        boot=boot,
        steps=step_cells(expected, events, boot.started_at if boot else 0.0),
        sequence=sequence_of(events),
        failure=newest_failure(events),
        last=events[-1] if events else None,
    )


def _cell(stored: StoredEvent, events: Sequence[StoredEvent], started_at: float) -> StepCell:
    event = stored.event
    duration_ms = event.duration_ms
    if duration_ms is None and event.result is Result.OK:
        before = [earlier.at for earlier in events if earlier.id < stored.id]
        duration_ms = _ms(stored.at - before[-1]) if before else None
    return StepCell(
        id=event.step,
        state=_STATES[event.result],
        duration_ms=duration_ms,
        after_ms=_ms(stored.at - started_at),
        attempt=event.attempt,
    )


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
