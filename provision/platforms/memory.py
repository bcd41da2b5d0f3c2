"""What a machine keeps of its identity between boots, in its own root."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import MsgspecError, json, structs

from provision.execute.command import Programs, demand, run_program
from provision.execute.journal import Journal, read_status
from provision.execute.target import Target
from provision.platforms.identity import IDENTITY_PATH, Identity, Memory

HOST_KEYS = "/etc/ssh"
HOST_KEY = re.compile(r"ssh_host_\w+_key(?:\.pub)?")
MODE = 0o600  # an instance id proves on some clouds who one is


def memory(root: Path, *, redact: Callable[[], None], programs: Programs = run_program) -> Memory:
    return Memory(
        recall=partial(_recall, root),
        keep=partial(_keep, root),
        renew=partial(_renew, root, programs),
        redact=redact,
        degrade=partial(_degrade, root),
    )


def _recall(root: Path) -> Identity | None:
    with Target(root) as target:
        data = target.read_file(IDENTITY_PATH)
    try:
        return None if data is None else json.decode(data, type=Identity)
    except MsgspecError:  # not written by this program: it says nothing that could be trusted
        return None


def _keep(root: Path, identity: Identity) -> None:
    with Target(root) as target:
        if target.read_file(IDENTITY_PATH) != (data := json.encode(identity) + b"\n"):
            target.make_parents(IDENTITY_PATH)
            target.commit([target.stage_file(IDENTITY_PATH, data, mode=MODE)])


def _degrade(root: Path, reason: str) -> None:
    with Target(root) as target:
        journal = Journal(target)
        with journal.alone():
            status = read_status(target)
            if status is not None:
                journal.write_status(structs.replace(status, message=f"degraded: {reason}"))


def _renew(root: Path, programs: Programs) -> str:
    """Host keys that a copied disk brought along are another machine's."""
    with Target(root) as target:
        old = [name for name in target.list_directory(HOST_KEYS) if HOST_KEY.fullmatch(name)]
        for name in old:
            target.remove(f"{HOST_KEYS}/{name}")
    if not old:
        return "it has no SSH host keys of another"
    demand(programs, ["ssh-keygen", "-A", *(() if root == Path("/") else ("-f", str(root)))])
    return "new SSH host keys made"
