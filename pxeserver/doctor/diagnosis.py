"""One finding about the machine that the server runs on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    FAILED = "failed"
    """Machines do not boot, or not all of them."""
    OK = "ok"
    WARNING = "warning"
    """Some machines may not boot; whether it matters, the operator knows."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`todo` says what to do; empty when all is well."""

    subject: str
    level: Level
    what: str
    todo: str = ""


def ok(subject: str, what: str) -> Diagnosis:
    return Diagnosis(subject, Level.OK, what)


def warning(subject: str, what: str, todo: str) -> Diagnosis:
    return Diagnosis(subject, Level.WARNING, what, todo)


def failed(subject: str, what: str, todo: str) -> Diagnosis:
    return Diagnosis(subject, Level.FAILED, what, todo)
