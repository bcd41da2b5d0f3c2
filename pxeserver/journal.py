"""Writes down what happens to machines: one event in the store, one line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pxeserver.boot.events import Event, Result, StoredEvent
from pxeserver.logs import log_decision
from pxeserver.store.contract import ScriptGrant, Store

# Events that concern no machine but the server itself stand under this name, in boot 0.
SERVER_NAME = "server"

_log = logging.getLogger("pxeserver.events")


class Journal:
    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def record(self, event: Event, *, grant: ScriptGrant | None = None) -> StoredEvent | None:
        """Records an event in the machine's present boot, or in a new one that it begins."""
        stored = self._store.record(event, at=self._clock(), grant=grant)
        return _logged(stored)

    def record_in(self, boot: int, event: Event) -> StoredEvent | None:
        """Records an event in a boot that is known: that of the token it came with."""
        return _logged(self._store.record_in(boot, event, at=self._clock()))

    def record_notice(self, step: str, result: Result, message: str, path: str | None = None) -> None:
        """Records what happened to the server itself."""
        at = self._clock()
        event = Event(machine=SERVER_NAME, step=step, result=result, message=message, path=path)
        _logged(self._store.record_in(0, event, at=at))


def _logged(stored: StoredEvent | None) -> StoredEvent | None:
    if stored is None:  # a repetition, and logged when it came first
        return None
    event = stored.event
    log_decision(
        _log,
        event.message or event.step,
        level=logging.WARNING if event.result is Result.FAILED else logging.INFO,
        mac=event.machine,
        boot=stored.boot,
        step=event.step,
        result=event.result.value,
        path=event.path,
        duration_ms=event.duration_ms,
        attempt=event.attempt if event.attempt > 1 else None,
    )
    return stored
