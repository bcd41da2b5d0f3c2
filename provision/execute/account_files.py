"""The account files, which the account tools change one after another: a tool's work is whole, or put back.

Killed between two of them, useradd leaves a user without password entry or group, which no later call repairs. So
the files are kept aside while a tool is at work, and put back when it, or the whole machine, did not get to its end.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time

from provision.errors import ProvisionError
from provision.execute.command import DEADLINE_S, demand
from provision.execute.machine import Machine
from provision.execute.refusals import HINTS
from provision.execute.target import Ownership, StagedFile, Target, temporary_path

FILES = ("group", "gshadow", "passwd", "shadow", "subgid", "subuid")
KEPT_PATH = "/var/lib/provision/accounts"
# lckpwdf(3): all tools hold this lock while they work, and the kernel takes it from one that died. Beside it they
# make PASSWD.lock with their process id, which another process may have by the time somebody looks.
LOCK_PATH = "/etc/.pwd.lock"
LEFTOVER = re.compile(rf"(?:{'|'.join(FILES)})(?:\.lock|\.[0-9]+|\+)")
SCARCE_BYTES = 64 * 1024  # the files of a small machine and their backups
LOCK_WAIT_S = 15.0  # as long as lckpwdf(3) itself waits
LOCK_POLL_S = 0.1


def demand_whole(machine: Machine, arguments: list[str], *, stdin: str = "") -> None:
    """Run an account tool; when it fails, the account files are as they were before."""
    _keep(machine.target)
    try:
        demand(machine.programs, arguments, stdin=stdin)
    except ProvisionError as error:
        if machine.target.free_bytes("/etc") < SCARCE_BYTES:  # the tools do not say why they could not write
            error.hint = error.hint or HINTS[errno.ENOSPC]
        tidy_account_files(machine.target)
        raise
    _forget(machine.target)


def tidy_account_files(target: Target) -> None:
    """Undo what a tool left half done, and remove its locks and unfinished files."""
    target.remove_leftover(KEPT_PATH)
    leftovers = [name for name in target.list_directory("/etc") if LEFTOVER.fullmatch(name)]
    kept = target.list_directory(KEPT_PATH)
    if not leftovers and not kept:
        return
    lock_fd = _lock(target)
    try:
        for name in leftovers:
            target.remove(f"/etc/{name}")
        _put_back(target, kept)
    finally:
        if lock_fd is not None:
            os.close(lock_fd)


def _keep(target: Target) -> None:
    """Seen as a whole or not at all, and on the disk before the tool begins."""
    building = temporary_path(KEPT_PATH)
    target.remove_leftover(KEPT_PATH)
    target.make_directory(building, mode=0o700)
    staged = [
        _copy(target, f"/etc/{name}", f"{building}/{name}", entry)
        for name in FILES
        if (entry := target.stat(f"/etc/{name}")) is not None and stat.S_ISREG(entry.st_mode)
    ]
    target.publish(staged)
    target.sync(staged)
    target.move(building, KEPT_PATH)
    target.sync([StagedFile(f"{KEPT_PATH}/{name}") for name in target.list_directory(KEPT_PATH)])


def _forget(target: Target) -> None:
    target.move(KEPT_PATH, temporary_path(KEPT_PATH))  # at once: half of it must never be put back
    target.remove_leftover(KEPT_PATH)


def _put_back(target: Target, kept: tuple[str, ...]) -> None:
    """What is more recent than any tool of that run can be is somebody else's work, and stays."""
    entries = {name: target.stat(f"{KEPT_PATH}/{name}") for name in kept}
    staged = []
    for name, entry in entries.items():
        present = target.stat(f"/etc/{name}")
        if entry is None or (present is not None and present.st_mtime > entry.st_mtime + DEADLINE_S):
            continue
        if present is None or target.read_file(f"/etc/{name}") != target.read_file(f"{KEPT_PATH}/{name}"):
            staged.append(_copy(target, f"{KEPT_PATH}/{name}", f"/etc/{name}", entry))
    target.commit(staged)
    if kept or target.stat(KEPT_PATH) is not None:
        _forget(target)


def _copy(target: Target, source: str, destination: str, entry: os.stat_result) -> StagedFile:
    return target.stage_file(
        destination,
        target.read_file(source) or b"",
        mode=stat.S_IMODE(entry.st_mode),
        owner=Ownership(entry.st_uid, entry.st_gid),
    )


def _lock(target: Target) -> int | None:
    """An fd that keeps account tools out until it is closed. None when no tool ever ran here."""
    ends = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return target.open_record_lock(LOCK_PATH)
        except BlockingIOError as error:
            if time.monotonic() > ends:
                hint = "wait for it to end, and apply again"
                raise ProvisionError(
                    "another program is changing users and groups (/etc/.pwd.lock)", hint=hint
                ) from error
            time.sleep(LOCK_POLL_S)
