"""One event of a boot: what guests send, what the server adds, how it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

EVENT_VERSION = 1
MAX_MESSAGE_CHARS = 4000  # a finding with its source excerpt fits; a log does not belong here

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Result(StrEnum):
    FAILED = "failed"
    OK = "ok"
    START = "start"


class EventError(ValueError):
    """What a guest sent is no event; the text says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """`path` is the config path a failed step is about; `attempt` counts from 1."""

    machine: str
    step: str
    result: Result
    message: str = ""
    path: str | None = None
    duration_ms: int | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with what the server adds: its id, its boot, and the server's clock in Unix seconds."""

    id: int
    boot: int
    at: float
    event: Event


def decode_event(raw: object) -> Event:
    """The event in a decoded JSON value; raises EventError for anything else."""
    if not isinstance(raw, dict):
        raise EventError("an event is a JSON object")
    if raw.get("provision") != EVENT_VERSION:
        raise EventError(f"provision: event version {raw.get('provision')!r} is not {EVENT_VERSION}")
    machine = _text(raw, "machine")
    if not _MAC.fullmatch(machine):
        raise EventError(f"machine: {machine!r} is not a MAC address like 52:54:00:12:34:56")
    path = raw.get("path")
    if path is not None and not isinstance(path, str):
        raise EventError("path: neither text nor null")
    return Event(
        machine=machine,
        step=_text(raw, "step"),
        result=_result(raw.get("result")),
        message=_text(raw, "message", default="")[:MAX_MESSAGE_CHARS],
        path=path,
        duration_ms=_count(raw, "duration_ms", least=0),
        attempt=_count(raw, "attempt", least=1) or 1,
    )


def event_json(stored: StoredEvent) -> dict[str, object]:
    """The event as the API, the command line and the page's script get it."""
    event = stored.event
    return {
        "id": stored.id,
        "machine": event.machine,
        "boot": stored.boot,
        "step": event.step,
        "result": event.result.value,
        "duration_ms": event.duration_ms,
        "message": event.message,
        "path": event.path,
        "attempt": event.attempt,
        "at": stored.at,
    }


def _text(raw: dict[str, object], key: str, default: str | None = None) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str):
        raise EventError(f"{key}: not text")
    return value


def _result(value: object) -> Result:
    try:
        return Result(str(value))
    except ValueError:
        raise EventError(f"result: {value!r} is none of failed, ok, start") from None


def _count(raw: dict[str, object], key: str, *, least: int) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    # bool is an int in Python; 2**53 is where JSON numbers stop being exact.
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 2**53:
        raise EventError(f"{key}: {value!r} is not a whole number from {least}")
    return value
