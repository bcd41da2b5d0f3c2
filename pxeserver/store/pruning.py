"""Forgets what is old: once a day, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pxeserver.errors import StoreError
from pxeserver.store.contract import Store

DAY_S = 86400.0

_log = logging.getLogger("pxeserver.store")


async def prune_daily(store: Store, keep_days: Callable[[], int], clock: Callable[[], float]) -> None:
    """Until it is cancelled. `keep_days` is asked each time: it can change while the server runs."""
    while True:
        await asyncio.to_thread(prune, store, keep_days(), clock())
        await asyncio.sleep(DAY_S)


def prune(store: Store, keep_days: int, now_s: float) -> None:
    try:
        count = store.prune(now_s - keep_days * DAY_S)
    except StoreError as problem:  # tomorrow is another day; nothing depends on it
        _log.error("nothing old is forgotten today: %s", problem)
        return
    if count:
        _log.info("forgot %d rows older than %d days", count, keep_days)
