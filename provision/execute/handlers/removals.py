"""Files, links and directories that shall not be there, whoever made them."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence

from provision.actions import RemovePath
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.difference import Difference, removed
from provision.execute.handlers.files import losses, type_name
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Target
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[RemovePath]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine.target, accounts, action))


def perform(machine: Machine, actions: Sequence[RemovePath]) -> None:
    for action in actions:
        with during(action, f"remove {describe(action)}"):
            _perform_one(machine.target, action)


def _difference(target: Target, accounts: Accounts, action: RemovePath) -> Difference | None:
    entry = target.stat(action.path)
    if entry is None:
        return None
    inside = len(target.list_directory(action.path)) if stat.S_ISDIR(entry.st_mode) else 0
    with_all = f" with {inside} {'entry' if inside == 1 else 'entries'}" if inside else ""
    lines = losses(target, accounts, action.path, entry, shown=True)
    is_link = stat.S_ISLNK(entry.st_mode)  # which its own line says
    return removed(describe(action), lines if is_link else [f"-{type_name(entry)}{with_all}", *lines])


def _perform_one(target: Target, action: RemovePath) -> None:
    entry = target.stat(action.path)
    if entry is None:  # went with a directory that was removed before it
        return
    if stat.S_ISDIR(entry.st_mode) != action.directory:
        section = "files" if action.directory else "directories"
        raise ProvisionError(
            f"{action.path} is a {type_name(entry)}", hint=f"list it under {section}, if it shall go"
        )
    if not action.directory:
        target.remove(action.path)
    elif action.recursive:
        target.remove_tree(action.path)
    else:
        _remove_empty(target, action.path)


def _remove_empty(target: Target, path: str) -> None:
    try:
        target.remove_directory(path)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        hint = "write `recursive: true` to remove it with all that is in it"
        raise ProvisionError(f"{path} is not empty", hint=hint) from error


HANDLER = Handler(RemovePath, probe, perform)
