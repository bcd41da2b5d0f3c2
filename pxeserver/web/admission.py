"""How many downloads run at once: beyond, iPXE is asked to come back, everybody else waits in line with the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pxeserver.web.ranges import TextReply

# iPXE comes back after the seconds that a 503 names (net/tcp/httpcore.c). Other firmware (EDK2) takes any error
# for the end of the boot, and curl for the end of the download.
PATIENT_CLIENT = "iPXE/"
# Those who are turned away together shall not come back together.
FIRST_RETRY_S, RETRIES_SPREAD_S = 2, 8


class Admission:
    """Counts downloads; callable from any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._running = 0
        self._refused = 0

    @contextmanager
    def download(self, user_agent: str) -> Iterator[TextReply | None]:
        """None: go on, you are counted until you leave. Otherwise the refusal."""
        refusal = self._enter(user_agent)
        try:
            yield refusal
        finally:
            if refusal is None:
                self._leave()

    def _enter(self, user_agent: str) -> TextReply | None:
        with self._lock:
            if self._running < self._limit or not user_agent.startswith(PATIENT_CLIENT):
                self._running += 1
                return None
            self._refused += 1
            retry_after_s = FIRST_RETRY_S + self._refused % RETRIES_SPREAD_S
        text = f"{self._limit} downloads are running; come back in {retry_after_s} seconds"
        return TextReply(503, text, (("Retry-After", str(retry_after_s)),))

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
