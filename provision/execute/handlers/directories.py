"""Directories with their mode and owner."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from provision.actions import EnsureDirectory
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.difference import Difference, changed, created
from provision.execute.handlers.files import metadata_lines, or_root, owner_of, type_name
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import DIRECTORY_MODE
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[EnsureDirectory]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine, accounts, action))


def perform(machine: Machine, actions: Sequence[EnsureDirectory]) -> None:
    accounts = read_accounts(machine.target)
    for action in actions:
        with during(action, f"make directory {action.path}"):
            _perform_one(machine, accounts, action)


def _difference(machine: Machine, accounts: Accounts, action: EnsureDirectory) -> Difference | None:
    summary = describe(action)
    entry = machine.target.stat(action.path)
    if entry is None:
        owner = f"{or_root(action.user)}:{or_root(action.group)}"
        return created(summary, [f"+mode {_new_mode(action):04o}", f"+owner {owner}"])
    if not stat.S_ISDIR(entry.st_mode):
        return changed(summary, [f"-{type_name(entry)}", "+directory"])
    return changed(
        summary,
        metadata_lines(accounts, entry, mode=action.mode, user=action.user, group=action.group),
    )


def _new_mode(action: EnsureDirectory) -> int:
    return DIRECTORY_MODE if action.mode is None else action.mode


def _perform_one(machine: Machine, accounts: Accounts, action: EnsureDirectory) -> None:
    entry = machine.target.stat(action.path)
    owner = owner_of(accounts, action, entry)
    if entry is None:
        machine.target.make_directory(action.path, mode=_new_mode(action), owner=owner)
    elif stat.S_ISDIR(entry.st_mode):
        machine.target.set_owner_and_mode(action.path, mode=action.mode, owner=owner)
    else:
        raise ProvisionError(
            f"{action.path} is a {type_name(entry)}, not a directory",
            hint="remove it, or choose another path",
        )


HANDLER = Handler(EnsureDirectory, probe, perform)
