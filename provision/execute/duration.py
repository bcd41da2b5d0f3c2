"""How long something took, as the journal and the terminal have it."""

from __future__ import annotations

import time


def milliseconds_since(began: float) -> int:
    """`began` is from time.monotonic()."""
    return round((time.monotonic() - began) * 1000)
