"""What can go wrong in the server itself; a bad config is a Finding and bad bytes are a WireError instead."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `pxeserver`, the same numbers as those of `provision` where they mean the same."""

    DONE = 0
    INVALID_CONFIG = 1
    USAGE = 2


class ServerError(Exception):
    """The server, its disk or its network failed; one line that says what, where and what to do."""


class StartError(ServerError):
    """The server cannot start as it was asked to: port taken, no such interface, not permitted."""


class StoreError(ServerError):
    """The runtime state cannot be read or written. It is never to be taken for "no such thing"."""
