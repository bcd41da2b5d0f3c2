"""Symbolic and hard links, replaced atomically."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from provision.actions import EnsureLink
from provision.errors import ProvisionError
from provision.execute.difference import Difference, changed, created
from provision.execute.handlers.files import type_name
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Target
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[EnsureLink]) -> list[Difference | None]:
    return probe_each(actions, lambda action: _difference(machine.target, action))


def perform(machine: Machine, actions: Sequence[EnsureLink]) -> None:
    for action in actions:
        with during(action, f"link {action.path} to {action.target}"):
            _perform_one(machine.target, action)


def _difference(target: Target, action: EnsureLink) -> Difference | None:
    summary = describe(action)
    entry = target.stat(action.path)
    if entry is None:
        return created(summary, [f"+{action.target}"])
    if action.overwrite is False:
        return None
    if action.hard:
        is_same = _is_same_file(target, action)
        return None if is_same else changed(summary, [f"-another {type_name(entry)}", f"+{action.target}"])
    have = target.readlink(action.path)
    if have == action.target:
        return None
    return changed(summary, [f"-{have or type_name(entry)}", f"+{action.target}"])


def _is_same_file(target: Target, action: EnsureLink) -> bool:
    ours, theirs = target.stat(action.path), target.stat(action.target)
    if ours is None or theirs is None:
        return False
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)


def _perform_one(target: Target, action: EnsureLink) -> None:
    entry = target.stat(action.path)
    if entry is not None and stat.S_ISDIR(entry.st_mode):
        raise ProvisionError(f"{action.path} is a directory", hint="remove it, or choose another path")
    if action.hard:
        target.hardlink(action.path, action.target)
    else:
        target.symlink(action.path, action.target)


HANDLER = Handler(EnsureLink, probe, perform)
