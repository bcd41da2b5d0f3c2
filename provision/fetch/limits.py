"""How long a fetch may take, how much it may bring, and when it is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


def _nothing(_: str) -> None:
    return


class Limits(Struct, frozen=True):
    """`clock` and `sleep` as in the time module.

    `passing` are answers that mean "not yet" from this server; `say` is told why it is asked again.
    """

    deadline_s: float
    size_limit_bytes: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    passing: frozenset[int] = frozenset()
    say: Callable[[str], None] = _nothing


def pauses() -> Iterator[float]:
    """Seconds between attempts: 0.1 doubling to 5, without end."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
