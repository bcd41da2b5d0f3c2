"""From running to ended, and from the settings of before to those of now."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, fields, replace

from pxeserver.config import ServerSettings

# An image of 120 MB takes a second on a fast network; a machine whose download breaks starts over by itself.
FINISH_S = 30.0
# What is looked at anew for every packet or every day. Ports and the URLs made of them stay as they are.
READ_AGAIN = frozenset({"dhcp", "keep_days"})

Signals = asyncio.Queue[signal.Signals]

_log = logging.getLogger("pxeserver")


def listen_for_signals() -> Signals:
    """SIGHUP, SIGINT and SIGTERM in the order they come."""
    signals: Signals = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, number)
    return signals


async def finish(parts: Iterable[Awaitable[None]], signals: Signals, *, within_s: float = FINISH_S) -> bool:
    """Waits until all parts have finished; False when the time was up or another signal to stop came first."""
    finishing = asyncio.create_task(_all(parts))
    impatient = asyncio.create_task(_next_stop(signals))
    await asyncio.wait({finishing, impatient}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    is_finished = finishing.done()
    for task in (finishing, impatient):
        task.cancel()
    await asyncio.gather(finishing, impatient, return_exceptions=True)
    return is_finished


async def _all(parts: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*parts)


async def _next_stop(signals: Signals) -> None:
    while await signals.get() is signal.SIGHUP:
        _log.info("not read again: the server is stopping")


@dataclass(frozen=True, slots=True)
class Reread:
    """`settings` are those to go on with: as `changed` says, and as before where `kept` says so."""

    settings: ServerSettings
    changed: tuple[str, ...]
    kept: tuple[str, ...]


def reread(old: ServerSettings, new: ServerSettings) -> Reread:
    """What can be taken over from new settings without a restart. The mode decides which ports are open."""
    taken = replace(old, **{name: getattr(new, name) for name in READ_AGAIN})
    taken = replace(taken, dhcp=replace(new.dhcp, mode=old.dhcp.mode))
    kept = [f.name for f in fields(old) if f.name not in READ_AGAIN and _differs(f.name, old, new)]
    kept += ["dhcp.mode"] if old.dhcp.mode is not new.dhcp.mode else []
    changed = [name for name in sorted(READ_AGAIN) if _differs(name, old, taken)]
    return Reread(taken, tuple(changed), tuple(sorted(kept)))


def _differs(name: str, old: ServerSettings, new: ServerSettings) -> bool:
    return bool(getattr(old, name) != getattr(new, name))
