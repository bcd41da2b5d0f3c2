"""The steps of a boot, in order: the one list that the event log, the page, the API and the tests read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pxeserver.boot.events import Result, StoredEvent


class Reporter(StrEnum):
    AGENT = "agent"
    INITRAMFS = "initramfs"
    SERVER = "server"


class Only(StrEnum):
    """The boots in which a step happens."""

    ALWAYS = "always"
    DHCP = "dhcp"  # this server answers DHCP, in proxy or full mode
    ETCD = "etcd"  # the machine's group asks for an etcd cluster
    FULL_DHCP = "full dhcp"  # this server hands out the addresses


@dataclass(frozen=True, slots=True)
class BootStep:
    id: str
    reporter: Reporter
    sentence: str
    only: Only = Only.ALWAYS


STEPS: tuple[BootStep, ...] = (
    BootStep("offer", Reporter.SERVER, "DHCP offer sent to the firmware", Only.DHCP),
    BootStep("lease", Reporter.SERVER, "DHCP ack sent to the firmware", Only.FULL_DHCP),
    BootStep("script", Reporter.SERVER, "boot script served"),
    BootStep("kernel", Reporter.SERVER, "kernel bytes all sent"),
    BootStep("initrd", Reporter.SERVER, "initrd bytes all sent"),
    BootStep("network", Reporter.INITRAMFS, "address configured in the initramfs"),
    BootStep("image", Reporter.INITRAMFS, "image downloaded"),
    BootStep("verify", Reporter.INITRAMFS, "image digest equals the manifest"),
    BootStep("root", Reporter.INITRAMFS, "new root mounted"),
    BootStep("config", Reporter.AGENT, "config fetched"),
    BootStep("validate", Reporter.AGENT, "config valid, plan built"),
    BootStep("apply", Reporter.AGENT, "plan applied"),
    BootStep("start", Reporter.AGENT, "services are being started"),
    BootStep("register", Reporter.SERVER, "etcd discovery registration accepted", Only.ETCD),
    BootStep("join", Reporter.AGENT, "local etcd member healthy", Only.ETCD),
)

STEP_IDS = tuple(step.id for step in STEPS)
GUEST_STEP_IDS = frozenset(step.id for step in STEPS if step.reporter is not Reporter.SERVER)

# With these a machine shows that it is at the very beginning; only they can start a new boot.
_BEGINNINGS = frozenset({"offer", "script"})


@dataclass(frozen=True, slots=True)
class BootState:
    """The latest boot of a machine. `has_script`: its boot script has been served."""

    number: int
    has_script: bool


def next_boot(previous: BootState | None, step: str) -> int:
    """The number of the boot that `step` belongs to.

    A machine that asks for an offer or a script after it was given its script has been started again. Before
    that, firmware that repeats a DISCOVER, or chain-loads and asks again, is still in the same boot.
    """
    if previous is None:
        return 1
    if step in _BEGINNINGS and previous.has_script:
        return previous.number + 1
    return previous.number


def expected_steps(*, dhcp_mode: str, etcd: bool, has_agent: bool = True) -> tuple[str, ...]:
    """The ids of the steps that a good boot passes, in order. Without our agent: those that the server sees."""
    happens = {
        Only.ALWAYS: True,
        Only.DHCP: dhcp_mode in {"full", "proxy"},
        Only.ETCD: etcd and has_agent,
        Only.FULL_DHCP: dhcp_mode == "full",
    }
    return tuple(
        step.id
        for step in STEPS
        if happens[step.only] and (has_agent or step.reporter is Reporter.SERVER or step.id == "config")
    )


def sequence_of(events: Iterable[StoredEvent]) -> tuple[str, ...]:
    """The steps that succeeded in one boot, in the order of their first success."""
    succeeded = (stored.event.step for stored in events if stored.event.result is Result.OK)
    return tuple(dict.fromkeys(succeeded))
