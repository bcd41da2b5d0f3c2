"""Symbolic and hard links, replaced atomically."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from provision.actions import EnsureLink
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.difference import Difference, changed, created
from provision.execute.handlers.files import metadata_lines, or_root, owner_of, type_name
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Target
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[EnsureLink]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine.target, accounts, action))


def perform(machine: Machine, actions: Sequence[EnsureLink]) -> None:
    accounts = read_accounts(machine.target)
    for action in actions:
        with during(action, f"link {action.path} to {action.target}"):
            _perform_one(machine.target, accounts, action)


def _difference(target: Target, accounts: Accounts, action: EnsureLink) -> Difference | None:
    summary = describe(action)
    entry = target.stat(action.path)
    if entry is None:
        has_owner = action.user is not None or action.group is not None
        owner = [f"+owner {or_root(action.user)}:{or_root(action.group)}"] if has_owner else []
        return created(summary, [f"+{action.target}", *owner])
    if action.overwrite is False:
        return None
    if action.hard:
        is_same = _is_same_file(target, action)
        return None if is_same else changed(summary, [f"-another {type_name(entry)}", f"+{action.target}"])
    have = target.readlink(action.path)
    leads = [] if have == action.target else [f"-{have or type_name(entry)}", f"+{action.target}"]
    owner = metadata_lines(accounts, entry, mode=None, user=action.user, group=action.group)
    return changed(summary, [*leads, *owner])


def _is_same_file(target: Target, action: EnsureLink) -> bool:
    ours, theirs = target.stat(action.path), target.stat(action.target)
    if ours is None or theirs is None:
        return False
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)


def _perform_one(target: Target, accounts: Accounts, action: EnsureLink) -> None:
    entry = target.stat(action.path)
    if entry is not None and stat.S_ISDIR(entry.st_mode):
        raise ProvisionError(f"{action.path} is a directory", hint="remove it, or choose another path")
    if action.hard:
        target.hardlink(action.path, action.target)
    else:
        is_same = target.readlink(action.path) == action.target  # only that keeps its owner
        owner = owner_of(accounts, action, entry if is_same else None)
        target.symlink(action.path, action.target, owner=owner)


HANDLER = Handler(EnsureLink, probe, perform)
