"""Moments as people write and read them."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime

_AGO = re.compile(r"(?P<count>\d{1,9})(?P<unit>[smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def utc_text(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str, now_s: float) -> float:
    """Unix seconds of `15m` (ago) or of an ISO 8601 time, UTC unless it says otherwise; for argparse."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now_s - int(ago["count"]) * _UNIT_S[ago["unit"]]
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither like 15m nor like 2026-01-31T12:00") from None
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
