"""Whether a machine boots from the network: the one rule behind ports 67, 4011, 69 and HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BootMode(StrEnum):
    """What the operator wrote down for a machine or its group."""

    ALWAYS = "always"
    ONCE = "once"
    """Until the machine has reported that it is done; from then on as `local`."""
    NEVER = "never"
    """Not even an answer: the firmware waits in vain, and tries what is next in its list."""
    LOCAL = "local"
    """The loader is sent back to the firmware at once, which goes on with its next entry, the disk."""


class Arming(StrEnum):
    """What has happened to one machine since; nothing yet is None."""

    ARMED = "armed"
    DISARMED = "disarmed"
    DONE = "done"


class Verdict(StrEnum):
    NETWORK = "network"
    LOCAL = "local"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Permission:
    verdict: Verdict
    reason: str


ALLOWED = Permission(Verdict.NETWORK, "boot: always")


def permit(mode: BootMode, arming: Arming | None) -> Permission:
    """`never` is stronger than arming, disarming stronger than all other modes."""
    if mode is BootMode.NEVER:
        return Permission(Verdict.SILENCE, "boot: never")
    if arming is Arming.DISARMED:
        return Permission(Verdict.LOCAL, "disarmed; to boot it again: pxeserver machines arm")
    if arming is Arming.ARMED:
        return Permission(Verdict.NETWORK, "armed until it reports that it is done")
    match mode:
        case BootMode.LOCAL:
            return Permission(Verdict.LOCAL, "boot: local")
        case BootMode.ONCE if arming is Arming.DONE:
            return Permission(Verdict.LOCAL, "boot: once, and it is done; again: pxeserver machines arm")
        case BootMode.ONCE:
            return Permission(Verdict.NETWORK, "boot: once, and it is not done yet")
    return ALLOWED


def after_done(mode: BootMode, arming: Arming | None) -> Arming | None:
    """What is remembered when a machine reports that it is done."""
    if arming is Arming.ARMED or (mode is BootMode.ONCE and arming is None):
        return Arming.DONE
    return arming
