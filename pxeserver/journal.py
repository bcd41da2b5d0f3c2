"""Writes down what happens to machines: one event in the store, one line in the log."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pxeserver.boot.events import Event, Result, StoredEvent
from pxeserver.errors import StoreError
from pxeserver.logs import log_decision
from pxeserver.metrics import Metrics
from pxeserver.store.contract import ScriptGrant, Store

# Events that concern no machine but the server itself stand under this name, in boot 0.
SERVER_NAME = "server"

# The servers that decide these log the decision, with its reason, each time: an event is stored once in a boot.
_LOGGED_BY_THEIR_SERVER = frozenset({"initrd", "kernel", "lease", "offer", "script"})
MAX_WAITING = 10_000  # a whole rack's packets of several minutes

_log = logging.getLogger("pxeserver.events")


class Journal:
    """Callable from any thread. Events are stored in the order in which they are handed in."""

    def __init__(self, store: Store, clock: Callable[[], float], metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[tuple[Event, float]] = deque()
        self._order = threading.RLock()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def record(self, event: Event, *, grant: ScriptGrant | None = None) -> StoredEvent | None:
        """Records an event in the machine's present boot, or in a new one that it begins."""
        with self._order:
            self._write_waiting()
            stored = self._store.record(event, at=self._clock(), grant=grant)
        return self._told(stored)

    def record_soon(self, event: Event) -> None:
        """As `record`, by another thread: who answers firmware does not wait for the disk."""
        if len(self._waiting) >= MAX_WAITING:
            _log.error("event %s of %s is lost: the store is too slow", event.step, event.machine)
            return
        self._waiting.append((event, self._clock()))
        self._writer.submit(self._write_waiting)

    def record_in(self, boot: int, event: Event) -> StoredEvent | None:
        """Records an event in a boot that is known: that of the token it came with."""
        return self._told(self._store.record_in(boot, event, at=self._clock()))

    def close(self) -> None:
        """Returns when nothing waits any more."""
        self._writer.shutdown()

    def _write_waiting(self) -> None:
        with self._order:
            while self._waiting:
                event, at = self._waiting.popleft()
                try:
                    self._told(self._store.record(event, at=at))
                except StoreError as problem:  # the machine has its answer already; the boot itself goes on
                    _log.error("event %s of %s is lost: %s", event.step, event.machine, problem)

    def record_notice(self, step: str, result: Result, message: str, path: str | None = None) -> None:
        """Records what happened to the server itself."""
        at = self._clock()
        event = Event(machine=SERVER_NAME, step=step, result=result, message=message, path=path)
        stored = self._store.record_in(0, event, at=at)
        if stored is not None:
            _log_event(stored)

    def _told(self, stored: StoredEvent | None) -> StoredEvent | None:
        if stored is None:  # a repetition, and told when it came first
            return None
        self._metrics.stepped(stored.event.step, stored.event.result.value)
        if stored.event.step not in _LOGGED_BY_THEIR_SERVER:
            _log_event(stored)
        return stored


def _log_event(stored: StoredEvent) -> None:
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
