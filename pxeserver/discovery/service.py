"""The discovery registries of this server: durable, shared by all threads, and worth waiting for."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from pxeserver.discovery.registry import Registry, Response, new_registry, next_change
from pxeserver.errors import ServerError
from pxeserver.store.contract import Store

Step = Callable[[Registry], tuple[Registry, Response]]


class DiscoveryService:
    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._changed = threading.Condition()
        self._is_stopping = False

    def create(self, size: int) -> Registry:
        """A new token for nobody in particular; ValueError when the size cannot make a cluster."""
        return self._create(size, group=None)

    def group_token(self, group: str, size: int) -> str:
        """The token of a group, made when it is first asked for and kept for good.

        A token's size is fixed by the protocol. When the operator changes the group's size before any member
        came, a new token takes its place; afterwards it is an error: the cluster would not be the one asked for.
        """
        with self._changed:
            registry = self._store.group_registry(group)
            if registry is None or (registry.size != size and not registry.changes):
                registry = self._create(size, group=group)
        if registry.size != size:
            raise ServerError(
                f"group {group!r}: etcd size is {size} now, but {len(registry.created)} members have registered "
                f"for a cluster of {registry.size}; set the size back to {registry.size}"
            )
        return registry.token

    def find(self, token: str) -> Registry | None:
        return self._store.registry(token)

    def change(self, token: str, step: Step) -> Response | None:
        """Applies a pure step to a registry and stores the result before it answers; None: no such token."""
        while True:
            old = self._store.registry(token)
            if old is None:
                return None
            new, response = step(old)
            if new == old:
                return response
            if self._store.replace_registry(old, new):
                self._wake()
                return response

    def wait(self, token: str, wait_index: int, member: str | None, timeout_s: float) -> Response | None:
        """The first change from `wait_index` on; None when there was none in time or the server stops."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self._is_stopping:
                registry = self._store.registry(token)
                response = next_change(registry, wait_index, member) if registry is not None else None
                remaining_s = deadline - time.monotonic()
                if response is not None or remaining_s <= 0:
                    return response
                self._changed.wait(remaining_s)
        return None

    def stop(self) -> None:
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()

    def _create(self, size: int, *, group: str | None) -> Registry:
        registry = new_registry(secrets.token_hex(16), size)
        self._store.add_registry(registry, group=group, at=self._clock())
        return registry

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
