"""What guests may send as an event, and what they may not."""

from __future__ import annotations

import pytest

from pxeserver.boot.events import MAX_MESSAGE_CHARS, Event, EventError, Result, decode_event

GOOD: dict[str, object] = {
    "provision": 1,
    "machine": "52:54:00:12:34:56",
    "step": "image",
    "result": "ok",
    "duration_ms": 1200,
    "message": "125 MB",
    "path": None,
    "attempt": 2,
}


def test_an_event_is_read_field_by_field() -> None:
    assert decode_event(GOOD) == Event(
        machine="52:54:00:12:34:56",
        step="image",
        result=Result.OK,
        message="125 MB",
        path=None,
        duration_ms=1200,
        attempt=2,
    )


def test_a_message_that_is_too_long_is_cut() -> None:
    event = decode_event({**GOOD, "message": "x" * 100_000})

    assert event.message == "x" * MAX_MESSAGE_CHARS


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"provision": 2}, "version 2", id="a version from the future"),
        pytest.param({"machine": "node1"}, "not a MAC address", id="a name instead of an address"),
        pytest.param({"machine": "52:54:00:12:34:56\n"}, "not a MAC address", id="a line break at the end"),
        pytest.param({"result": "fine"}, "none of failed, ok, start", id="an unknown result"),
        pytest.param({"duration_ms": -1}, "duration_ms", id="time running backwards"),
        pytest.param({"duration_ms": 1.5}, "duration_ms", id="half a millisecond"),
        pytest.param({"attempt": 0}, "attempt", id="attempts count from 1"),
        pytest.param({"attempt": True}, "attempt", id="true is not the number 1"),
        pytest.param({"message": ["x"]}, "message: not text", id="a list as message"),
        pytest.param({"path": 3}, "path", id="a number as config path"),
    ],
)
def test_anything_else_is_refused_with_the_field_named(change: dict[str, object], reason: str) -> None:
    with pytest.raises(EventError, match=reason):
        decode_event({**GOOD, **change})


@pytest.mark.parametrize("raw", [None, [], "event", 1])
def test_what_is_no_object_is_no_event(raw: object) -> None:
    with pytest.raises(EventError, match="JSON object"):
        decode_event(raw)
