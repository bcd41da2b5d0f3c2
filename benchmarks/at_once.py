"""Many clients that begin together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def at_once(fetch: Callable[[], bool], count: int) -> float:
    """Seconds until the last of so many has what it fetched, each in a process of its own: none waits for another.

    A client that does not succeed ends the measurement.
    """
    gate, release = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os.close(release)
            os.read(gate, 1)  # returns when the parent closes its end
            os._exit(0 if fetch() else 1)
        children.append(child)
    os.close(gate)
    began = time.perf_counter()
    os.close(release)
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
    took_s = time.perf_counter() - began
    if failed:
        raise SystemExit(f"{failed} of {count} transfers failed")
    return took_s
