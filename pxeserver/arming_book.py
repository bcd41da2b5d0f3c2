"""Which machines are armed, disarmed or done: in memory, so that DHCP answers without asking the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from pxeserver.boot.policy import Arming, BootMode, after_done
from pxeserver.errors import StoreError
from pxeserver.store.contract import Store

REFRESH_S = 1.0  # `pxeserver machines arm` writes into the store from a process of its own

_log = logging.getLogger("pxeserver.arming")


class ArmingBook:
    """Callable from any thread: what is known is replaced as a whole."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._armings: Mapping[str, Arming] = store.armings()

    def of(self, mac: str) -> Arming | None:
        return self._armings.get(mac)

    def done(self, mac: str, mode: BootMode) -> None:
        """The machine reports that it is done; durable when this returns."""
        before = self.of(mac)
        after = after_done(mode, before)
        if after is not None and after is not before:
            self._store.save_arming(mac, after)
            self.refresh()

    def refresh(self) -> None:
        self._armings = self._store.armings()

    async def keep_fresh(self) -> None:
        """Takes over what other processes write, until it is cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await asyncio.to_thread(self.refresh)
            except StoreError as problem:  # what was known stays true until more is known
                _log.error("armed machines are not read anew: %s", problem)
