"""One event shape for initramfs, agent, server, console and tests: one JSON object on one line."""

from __future__ import annotations

import json
from typing import Literal

from msgspec import Struct

VERSION = 1

Result = Literal["start", "ok", "failed"]


class Event(Struct, frozen=True):
    """`step` is a row of the boot-step table, `path` the config path a failure is about, `attempt` counts from 1."""

    machine: str
    step: str
    result: Result
    duration_ms: int | None = None
    message: str = ""
    path: str | None = None
    attempt: int = 1


def encode_event(event: Event) -> str:
    """The event as one line of JSON, without a newline at its end."""
    return json.dumps(
        {
            "provision": VERSION,
            "machine": event.machine,
            "step": event.step,
            "result": event.result,
            "duration_ms": event.duration_ms,
            "attempt": event.attempt,
            "message": event.message,
            "path": event.path,
        },
        separators=(",", ":"),
    )
