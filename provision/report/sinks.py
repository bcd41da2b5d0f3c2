"""Where events go: the console, and the server by way of an outbox that survives the server's absence."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from provision.report.events import Event, encode_event
from provision.urls import shown_url

POST_TIMEOUT_S = 10

Post = Callable[[str], bool]
"""Sends one line; true when the server has taken it."""


class HttpPost(Struct, frozen=True):
    """POSTs one event to `url`. The token says which boot it belongs to; it appears in no message."""

    url: str
    token: str | None

    def __repr__(self) -> str:
        return f"HttpPost(url={shown_url(self.url)!r})"

    def __call__(self, line: str) -> bool:
        headers = {"Content-Type": "application/json", **bearer(self.token)}
        try:
            request = urllib.request.Request(self.url, data=line.encode(), headers=headers)  # noqa: S310 - as given
            with urllib.request.urlopen(request, timeout=POST_TIMEOUT_S):  # noqa: S310
                return True
        # Away or restarting, or a URL that urllib cannot read: the line stays in the outbox.
        except (OSError, http.client.HTTPException, ValueError):
            return False


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class Outbox:
    """Events in order, each kept in a file until it is sent: the initramfs begins it, the running system ends it."""

    def __init__(self, path: Path, post: Post) -> None:
        self._path = path
        self._post = post

    def put(self, line: str) -> None:
        with self._path.open("a") as stream:
            stream.write(line + "\n")

    def deliver(self) -> bool:
        """Send what waits, oldest first, until something cannot be sent. True when nothing is left."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        sent = 0
        while sent < len(lines) and self._post(lines[sent]):
            sent += 1
        if sent:
            self._path.write_text("".join(f"{line}\n" for line in lines[sent:]))
        return sent == len(lines)


class Reporter:
    """Tells every event to the console at once and to the server as soon as it can be reached."""

    def __init__(self, console: Callable[[str], None], outbox: Outbox | None) -> None:
        self._console = console
        self._outbox = outbox
        self._untold: list[str] = []

    def tell(self, event: Event) -> None:
        line = encode_event(event)
        self._console(line)
        if self._outbox is None:
            self._untold.append(line)
        else:
            self._outbox.put(line)
            self._outbox.deliver()

    def report_to(self, outbox: Outbox) -> None:
        """From now on, for a machine that learns only from its config whom to tell; what it missed comes first."""
        self._outbox = outbox
        for line in self._untold:
            outbox.put(line)
        self._untold.clear()

    def settle(self) -> bool:
        """True when the server has everything."""
        return self._outbox is None or self._outbox.deliver()


def write_to_console(line: str) -> None:
    """One line on the machine's console; a machine without one has nobody to read it."""
    try:
        with Path("/dev/console").open("w") as console:
            console.write(line + "\n")
    except OSError:
        return
