"""`pxeserver events`: what happened, and with --follow what happens."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pxeserver.boot.events import StoredEvent, event_json
from pxeserver.config import DEFAULT_STATE
from pxeserver.errors import ExitCode
from pxeserver.store.contract import Store
from pxeserver.store.sqlite import open_existing

HELP = "Lists the newest events of all machines, oldest first; --follow goes on as they come."

POLL_S = 0.5
BATCH = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the server's state (%(default)s)"
    )
    parser.add_argument("--follow", action="store_true", help="go on as events come, until interrupted")
    parser.add_argument("--lines", type=int, default=100, metavar="N", help="how many old ones (%(default)s)")
    parser.add_argument("--format", choices=("json", "text"), default="text")


def run(args: argparse.Namespace) -> int:
    store = open_existing(args.state)
    show = _json_line if args.format == "json" else _text_line
    newest = tuple(reversed(store.newest_events(args.lines)))
    for stored in newest:
        print(show(stored), flush=True)
    if args.follow:
        for stored in _later(store, newest[-1].id if newest else 0):
            print(show(stored), flush=True)
    return ExitCode.DONE


def _later(store: Store, event_id: int) -> Iterator[StoredEvent]:
    while True:
        for stored in store.events_after(event_id, BATCH):
            event_id = stored.id
            yield stored
        time.sleep(POLL_S)


def _json_line(stored: StoredEvent) -> str:
    return json.dumps(event_json(stored))


def _text_line(stored: StoredEvent) -> str:
    event = stored.event
    clock = datetime.fromtimestamp(stored.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    duration = f" {event.duration_ms} ms" if event.duration_ms is not None else ""
    path = f" {event.path}:" if event.path else ""
    head = f"{clock} {event.machine} boot {stored.boot} {event.step} {event.result}{duration}"
    return f"{head}{path} {event.message}".rstrip()
