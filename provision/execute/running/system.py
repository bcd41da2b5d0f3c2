"""Whether the target root is the system that runs here, under systemd."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from msgspec import Struct

from provision.execute.command import TimedPrograms, run_program

UNIT_NAME = re.compile(r"[^/]+\.(?:service|scope)")


class RunningSystem(Struct, frozen=True):
    """`own_unit` is the unit this process is in: restarting it would end the run in the middle.

    `confirm_s`: a change of the network is taken back after so many seconds unless it is confirmed. `waits` is false
    for a unit that the boot itself waits for: it must not wait for units that come after it.
    """

    boot_id: str
    own_unit: str | None = None
    confirm_s: int | None = None
    programs: TimedPrograms = run_program
    waits: bool = True


def running_system(
    root: Path, *, confirm_s: int | None = None, here: Path = Path("/")
) -> RunningSystem | None:
    """None for any other root directory, in a chroot, and before systemd has started.

    `here` is the root directory of this process; a test gives another.
    """
    try:
        if not root.resolve().samefile(here) or not _is_booted(here):
            return None
        boot_id = (here / "proc/sys/kernel/random/boot_id").read_text().strip()
        own_unit = unit_of_cgroups((here / "proc/self/cgroup").read_text())
    except OSError:  # no /proc, or not ours to see: nothing says that this is the running system
        return None
    return RunningSystem(boot_id, own_unit, confirm_s)


def unit_of_cgroups(text: str) -> str | None:
    """Innermost unit of /proc/self/cgroup: `0::/system.slice/ssh.service`, or the line of name=systemd."""
    for line in text.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" or controllers == "name=systemd":
            names = [name for name in path.split("/") if UNIT_NAME.fullmatch(name)]
            if names:
                return names[-1]
    return None


def _is_booted(here: Path) -> bool:
    """sd_booted(3); and in a chroot, which may see the /run of the system around it, PID 1 has another root."""
    if not stat.S_ISDIR((here / "run/systemd/system").lstat().st_mode):
        return False
    return (here / "proc/1/root").stat().st_ino == here.stat().st_ino and (
        (here / "proc/1/root").stat().st_dev == here.stat().st_dev
    )
