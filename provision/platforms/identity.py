"""Which machine this was at its last boot, and what an answer of its platform, or none, says about that."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from provision.platforms.contract import Provided

IDENTITY_PATH = "/var/lib/provision/instance.json"


class Identity(Struct, frozen=True):
    """What is kept of a machine that was made what its config says."""

    platform: str
    instance_id: str | None


class Memory(Struct, frozen=True):
    """What outlives a boot, as functions. `renew` makes host keys anew and says so; `redact` is Platform's.

    `degrade` marks the last run's status with the reason why there is no newer one.
    """

    recall: Callable[[], Identity | None]
    keep: Callable[[Identity], None]
    renew: Callable[[], str]
    redact: Callable[[], None]
    degrade: Callable[[str], None]


class Verdict(Enum):
    """REDACTED: it is the same machine, and its config was taken away when it had been applied."""

    FIRST = "first boot"
    SAME = "same machine"
    NEW = "new machine"
    REDACTED = "same machine, its config is applied"


def judge(before: Identity | None, platform: str, provided: Provided) -> Verdict:
    """A machine is a new one only when both ids are known, of one platform, and differ.

    A drive that was taken out, another platform or an answer without an id prove nothing.
    """
    if before is None:
        return Verdict.FIRST
    ids = (before.instance_id, provided.instance_id)
    if before.platform == platform and None not in ids and ids[0] != ids[1]:
        return Verdict.NEW
    return Verdict.REDACTED if provided.is_redacted else Verdict.SAME


def identity_of(platform: str, provided: Provided, before: Identity | None) -> Identity:
    """An answer without an id leaves the one that was known."""
    known = before.instance_id if before and before.platform == platform else None
    return Identity(platform, provided.instance_id or known)
