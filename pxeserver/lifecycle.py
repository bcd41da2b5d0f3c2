"""From running to ended, and from the settings of before to those of now."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Protocol

from provision.findings import Finding
from pxeserver.config import ServerSettings
from pxeserver.errors import ServerError
from pxeserver.inventory.watch import findings_text

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


class Finishing(Protocol):
    """A server whose transfers take a while."""

    async def finish(self) -> None:
        """Take no more; returns when what is under way has ended."""


class Restartable(Protocol):
    """A server that is made anew for other settings; nothing is lost meanwhile, as its clients ask again."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


MakeDhcp = Callable[[ServerSettings], Restartable]


class Running:
    """The servers of machines while they run, and the settings they run with."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._finishing: list[Finishing] = []
        self._dhcp: list[tuple[MakeDhcp, Restartable]] = []

    def finish_first(self, *servers: Finishing) -> None:
        """Servers whose transfers are to end before all is stopped."""
        self._finishing += servers

    async def start_dhcp(self, make: MakeDhcp) -> None:
        server = make(self.settings)
        await server.start()
        self._dhcp.append((make, server))

    async def stop_dhcp(self) -> None:
        while self._dhcp:
            await self._dhcp.pop()[1].stop()

    async def take(self, new: ServerSettings, findings: tuple[Finding, ...]) -> None:
        """Goes on with new settings, as far as that is possible, and says how far."""
        if findings:
            for line in findings_text(findings).splitlines():
                _log.error("%s", line)
            _log.error("settings kept: those in the file have errors")
            return
        taken = reread(self.settings, new)
        try:
            await self._use(taken.settings)
        except (OSError, ServerError) as problem:
            _log.error("settings kept: %s", problem)
            return
        _log.info(
            "settings read again: %s", ", ".join(taken.changed) or "nothing changed that counts at once"
        )
        if taken.kept:
            _log.warning("settings kept until a restart: %s", ", ".join(taken.kept))

    async def _use(self, new: ServerSettings) -> None:
        """Goes on with these settings; with those of before, when the servers cannot start with them."""
        old, self.settings = self.settings, new
        if new.dhcp == old.dhcp:
            return
        makers = [make for make, _ in self._dhcp]
        try:
            await self._restart_dhcp(makers)
        except (OSError, ServerError):
            self.settings = old
            await self._restart_dhcp(makers)
            raise

    async def _restart_dhcp(self, makers: Iterable[MakeDhcp]) -> None:
        await self.stop_dhcp()
        for make in makers:
            await self.start_dhcp(make)

    async def finish(self, signals: Signals) -> bool:
        """No new boots, no new transfers; False when some were still under way at the end."""
        await self.stop_dhcp()
        return await finish([server.finish() for server in self._finishing], signals)


def _differs(name: str, old: ServerSettings, new: ServerSettings) -> bool:
    return bool(getattr(old, name) != getattr(new, name))
