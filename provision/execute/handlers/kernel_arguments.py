"""Kernel arguments where the machine's boot loader looks for them, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from provision.actions import EnsureKernelArguments
from provision.errors import ProvisionError
from provision.execute.command import demand
from provision.execute.difference import Difference, changed, content_lines, created
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Ownership, Target
from provision.kernel_arguments import (
    COMMAND_LINE_PATH,
    GRUB_MENU_PATH,
    GRUB_PATH,
    GRUB_PLACES,
    UPDATE_GRUB_PATH,
    edited,
    grub_text,
)
from provision.plan.describe import describe

NEW_MODE = 0o644


def probe(machine: Machine, actions: Sequence[EnsureKernelArguments]) -> list[Difference | None]:
    return probe_each(actions, lambda action: _difference(machine, action))


def perform(machine: Machine, actions: Sequence[EnsureKernelArguments]) -> None:
    for action in actions:
        with during(action, f"write {action.path}"):
            _write(machine.target, action)
            if action.path == GRUB_PATH and _is_menu_stale(machine.target):
                demand(machine.programs, ["update-grub"])


def _difference(machine: Machine, action: EnsureKernelArguments) -> Difference | None:
    target = machine.target
    if not _is_used(target, action.path):
        if not any(_is_used(target, path) for path in (GRUB_PATH, COMMAND_LINE_PATH)):
            raise ProvisionError(
                f"no boot loader is set up here: there is neither {GRUB_PLACES[0]} nor {COMMAND_LINE_PATH}",
                hint="a machine that boots over the network gets its arguments from its profile",
            )
        return None
    present = target.read_file(action.path)
    lines = content_lines(present, _wanted(present, action))
    if present is None:
        return created(describe(action), lines)
    stale = ("menu is older than the arguments",) if _is_menu_stale(target) else ()
    return changed(describe(action), lines or (stale if action.path == GRUB_PATH else ()))


def _is_used(target: Target, path: str) -> bool:
    places = GRUB_PLACES if path == GRUB_PATH else (COMMAND_LINE_PATH,)
    return any(target.stat(place) is not None for place in places)


def _wanted(present: bytes | None, action: EnsureKernelArguments) -> bytes:
    if action.path == GRUB_PATH:
        return grub_text(action.present, action.absent).encode()
    line = (present or b"").decode("utf-8", "surrogateescape")
    return f"{edited(line, action.present, action.absent)}\n".encode("utf-8", "surrogateescape")


def _write(target: Target, action: EnsureKernelArguments) -> None:
    """A file that is there keeps its mode and owner."""
    entry = target.stat(action.path)
    present = target.read_file(action.path)
    wanted = _wanted(present, action)
    if present == wanted:
        return
    mode = NEW_MODE if entry is None else stat.S_IMODE(entry.st_mode)
    owner = Ownership(0, 0) if entry is None else Ownership(entry.st_uid, entry.st_gid)
    target.commit([target.stage_file(action.path, wanted, mode=mode, owner=owner)])


def _is_menu_stale(target: Target) -> bool:
    """Whether update-grub is to be run: on the running machine alone, whose disks it looks at.

    By time, not by content: a run that was cut off after the file was written is made up for.
    """
    if target.root != Path("/") or target.stat(UPDATE_GRUB_PATH) is None:
        return False
    menu, dropin = target.stat(GRUB_MENU_PATH), target.stat(GRUB_PATH)
    return menu is not None and dropin is not None and _changed_at(menu) < _changed_at(dropin)


def _changed_at(entry: os.stat_result) -> int:
    return entry.st_mtime_ns


HANDLER = Handler(EnsureKernelArguments, probe, perform)
