"""The three ways things go wrong are kept apart: a bad config is a Finding, a failing machine is a ProvisionError."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `provision`, for good (docs and tests rely on the numbers)."""

    DONE = 0
    INVALID_CONFIG = 1
    USAGE = 2
    NO_SOURCE = 3
    APPLY_FAILED = 4
    NOT_JOINED = 5
    CHANGES = 6


class ProvisionError(Exception):
    """The machine or the network failed. `path` is the config path concerned, `hint` what the operator can do."""

    def __init__(self, message: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class SourceError(ProvisionError):
    """A config or a file source could not be fetched, or its digest does not match."""


class AnswerError(SourceError):
    """The server answered with a status that stays as it is however often it is asked."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.status = status
