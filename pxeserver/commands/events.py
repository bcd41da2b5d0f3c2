"""`pxeserver events`: what happened, and with --follow what happens."""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pxeserver.boot.events import StoredEvent, event_json
from pxeserver.config import DEFAULT_STATE
from pxeserver.errors import ExitCode
from pxeserver.inventory.model import normal_mac
from pxeserver.store.contract import Store
from pxeserver.store.sqlite import open_existing
from pxeserver.times import moment, utc_text

HELP = "Lists the newest events of all machines, oldest first; --follow goes on as they come."

POLL_S = 0.5
BATCH = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the server's state (%(default)s)"
    )
    parser.add_argument("--follow", action="store_true", help="go on as events come, until interrupted")
    parser.add_argument("--lines", type=int, default=100, metavar="N", help="how many old ones (%(default)s)")
    parser.add_argument("--mac", type=_mac, metavar="MAC", help="of this machine only")
    parser.add_argument(
        "--since", type=_moment, metavar="TIME", help="not older: 90s, 15m, 2h, 7d, or 2026-01-31T12:00 (UTC)"
    )
    parser.add_argument("--format", choices=("json", "text"), default="text")


def run(args: argparse.Namespace) -> int:
    store = open_existing(args.state)
    show = _json_line if args.format == "json" else _text_line
    wanted = Wanted(args.mac, args.since or 0.0)
    newest = store.newest_events(1)
    end_id = newest[0].id if newest else 0
    for stored in deque(_up_to(store, end_id, wanted), maxlen=args.lines):
        print(show(stored), flush=True)
    if args.follow:
        for stored in _later(store, end_id):
            if wanted.takes(stored):
                print(show(stored), flush=True)
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are shown. No MAC address: those of every machine, and the server's own."""

    mac: str | None
    since: float

    def takes(self, stored: StoredEvent) -> bool:
        return self.mac in (None, stored.event.machine) and stored.at >= self.since


def _up_to(store: Store, end_id: int, wanted: Wanted) -> Iterator[StoredEvent]:
    event_id = 0
    while event_id < end_id:
        for stored in store.events_after(event_id, BATCH):
            event_id = stored.id
            if wanted.takes(stored) and event_id <= end_id:
                yield stored


def _later(store: Store, event_id: int) -> Iterator[StoredEvent]:
    """Reads the file that the server writes: it goes on when the server is started again."""
    while True:
        for stored in store.events_after(event_id, BATCH):
            event_id = stored.id
            yield stored
        time.sleep(POLL_S)


def _mac(text: str) -> str:
    mac = normal_mac(text)
    if mac is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a MAC address")
    return mac


def _moment(text: str) -> float:
    return moment(text, time.time())


def _json_line(stored: StoredEvent) -> str:
    return json.dumps(event_json(stored))


def _text_line(stored: StoredEvent) -> str:
    event = stored.event
    duration = f" {event.duration_ms} ms" if event.duration_ms is not None else ""
    path = f" {event.path}:" if event.path else ""
    head = f"{utc_text(stored.at)} {event.machine} boot {stored.boot} {event.step} {event.result}{duration}"
    return f"{head}{path} {event.message}".rstrip()
