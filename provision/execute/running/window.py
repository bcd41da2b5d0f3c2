"""The time in which a network change must be confirmed, kept by a timer of systemd: it outlives the session that
made the change, which the change itself may have cut off."""

from __future__ import annotations

import sys

from provision.errors import ProvisionError
from provision.execute.command import failure
from provision.execute.running.system import RunningSystem
from provision.execute.running.unit_states import ASK_DEADLINE_S

UNIT = "provision-rollback"


def open_window(system: RunningSystem, seconds: int) -> None:
    # A service that failed earlier would still have the name.
    system.programs(
        ["systemctl", "reset-failed", f"{UNIT}.service", f"{UNIT}.timer"], deadline_s=ASK_DEADLINE_S
    )
    _demand(
        system,
        [
            *(
                "systemd-run",
                f"--unit={UNIT}",
                "--description=Takes an unconfirmed change of the network back",
            ),
            *(f"--on-active={seconds}", "--timer-property=AccuracySec=100ms", "--collect"),
            # The same modules that run now, wherever they were found.
            f"--setenv=PYTHONPATH={':'.join(path for path in sys.path if path)}",
            *("--", sys.executable, "-m", "provision", "rollback"),
        ],
    )


def close_window(system: RunningSystem) -> None:
    """The timer only: this may be its service."""
    arguments = ["systemctl", "stop", f"{UNIT}.timer"]
    done = system.programs(arguments, deadline_s=ASK_DEADLINE_S)
    if done.exit_code not in (0, 5):  # 5: no such unit, for it has run out already
        raise failure(arguments, done)


def _demand(system: RunningSystem, arguments: list[str]) -> None:
    done = system.programs(arguments, deadline_s=ASK_DEADLINE_S)
    if done.exit_code != 0:
        problem = failure(arguments, done)
        raise ProvisionError(
            problem.message, hint="apply without --confirm, if you can do without the way back"
        )
