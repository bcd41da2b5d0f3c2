"""What systemd says about units, in one question."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from provision.execute.command import TimedPrograms, failure

ASK_DEADLINE_S = 30.0  # systemd answers in milliseconds, on a busy machine in seconds
PROPERTIES = (
    *("After", "ActiveState", "Job", "LoadState", "Result", "SubState"),
    *("TimeoutStartUSec", "TimeoutStopUSec", "TimeoutUSec"),
)
DEFAULT_TIMEOUT_S = 90.0  # DefaultTimeoutStartSec=, systemd-system.conf(5)
RUNNING = frozenset({"active", "activating", "reloading"})

# systemd.time(7): "1min 30s"
SECONDS = {
    **{"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0},
    **{"month": 2629800.0, "y": 31557600.0},
}


class UnitState(Struct, frozen=True):
    """`timeout_s` is what the unit itself gives its stop and start; None: as long as it takes."""

    load: str = "not-found"
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    timeout_s: float | None = 2 * DEFAULT_TIMEOUT_S
    after: frozenset[str] = frozenset()
    has_job: bool = False

    @property
    def is_running(self) -> bool:
        return self.active in RUNNING

    @property
    def is_waiting(self) -> bool:
        """For the units before it: its own times have not begun to run."""
        return self.has_job and not self.is_running and self.active != "deactivating"

    @property
    def has_failed(self) -> bool:
        """auto-restart: it failed, and systemd is about to try again."""
        return self.active == "failed" or self.sub == "auto-restart"


def ask_states(programs: TimedPrograms, units: Sequence[str]) -> dict[str, UnitState]:
    """Of units by name; patterns have no state of their own."""
    names = [unit for unit in dict.fromkeys(units) if "*" not in unit]
    if not names:
        return {}
    arguments = ["systemctl", "--no-pager", "show", f"--property={','.join(PROPERTIES)}", "--", *names]
    done = programs(arguments, deadline_s=ASK_DEADLINE_S)
    blocks = done.stdout.strip().split("\n\n")
    if done.exit_code != 0 or len(blocks) != len(names):
        raise failure(arguments, done)
    return {name: read_state(block) for name, block in zip(names, blocks, strict=True)}


def read_state(block: str) -> UnitState:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    both = [fields.get("TimeoutStopUSec"), fields.get("TimeoutStartUSec") or fields.get("TimeoutUSec")]
    times = [read_time_s(text) if text else DEFAULT_TIMEOUT_S for text in both]
    return UnitState(
        load=fields.get("LoadState", "not-found"),
        active=fields.get("ActiveState", "inactive"),
        sub=fields.get("SubState", "dead"),
        result=fields.get("Result", "success"),
        timeout_s=None if None in times else sum(time for time in times if time is not None),
        has_job=fields.get("Job", "0") not in ("", "0"),
        after=frozenset(fields.get("After", "").split()),
    )


def read_time_s(text: str) -> float | None:
    """None for `infinity`."""
    if text == "infinity":
        return None
    return sum(
        float(number) * SECONDS[unit]
        for number, unit in re.findall(r"([\d.]+)(us|ms|s|min|h|d|w|month|y)\b", text)
    )
