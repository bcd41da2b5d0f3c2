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

from msgspec import json

from provision.errors import ProvisionError
from provision.execute.command import DEADLINE_S, demand
from provision.execute.machine import Machine
from provision.execute.refusals import HINTS
from provision.execute.target import Ownership, Target

FILES = ("group", "gshadow", "passwd", "shadow", "subgid", "subuid")
KEPT_PATH = "/var/lib/provision/accounts.json"
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
    machine.target.remove(KEPT_PATH)
    tidy_account_files(machine.target)  # a tool does not mind when it cannot remove its own locks


def tidy_account_files(target: Target) -> None:
    """Undo what a tool left half done, and remove its locks and unfinished files."""
    target.remove_leftover(KEPT_PATH)
    leftovers = [name for name in target.list_directory("/etc") if LEFTOVER.fullmatch(name)]
    if not leftovers and target.stat(KEPT_PATH) is None:
        return
    lock_fd = _lock(target)
    try:
        for name in leftovers:
            target.remove(f"/etc/{name}")
        _put_back(target)
    finally:
        if lock_fd is not None:
            os.close(lock_fd)


def _keep(target: Target) -> None:
    """On the disk, in one file, before the tool begins."""
    files = {
        name: {
            "mode": stat.S_IMODE(entry.st_mode),
            "uid": entry.st_uid,
            "gid": entry.st_gid,
            "content": (target.read_file(f"/etc/{name}") or b"").decode("latin-1"),  # any byte, and back
        }
        for name in FILES
        if (entry := target.stat(f"/etc/{name}")) is not None and stat.S_ISREG(entry.st_mode)
    }
    target.commit([target.stage_file(KEPT_PATH, json.encode(files), mode=0o600)])


def _put_back(target: Target) -> None:
    """What is more recent than any tool of that run can be is somebody else's work, and stays."""
    kept = target.stat(KEPT_PATH)
    if kept is None:
        return
    staged = []
    for name, file in json.decode(target.read_file(KEPT_PATH) or b"{}").items():
        path, content = f"/etc/{name}", file["content"].encode("latin-1")
        present = target.stat(path)
        is_later = present is not None and present.st_mtime > kept.st_mtime + DEADLINE_S
        if not is_later and target.read_file(path) != content:
            owner = Ownership(file["uid"], file["gid"])
            staged.append(target.stage_file(path, content, mode=file["mode"], owner=owner))
    target.commit(staged)
    target.remove(KEPT_PATH)


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
