"""A user's authorized_keys, where the target's passwd says the home is."""

from __future__ import annotations

from collections.abc import Sequence

from provision.actions import EnsureAuthorizedKeys
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, User, read_accounts
from provision.execute.difference import Difference, changed, content_lines, created
from provision.execute.handlers.files import metadata_lines, read_regular
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Ownership, StagedFile
from provision.plan.describe import describe

# sshd(8) with StrictModes refuses keys that others can write; nobody else needs to read them.
DIRECTORY_MODE = 0o700
FILE_MODE = 0o600


def probe(machine: Machine, actions: Sequence[EnsureAuthorizedKeys]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine, accounts, action))


def perform(machine: Machine, actions: Sequence[EnsureAuthorizedKeys]) -> None:
    accounts = read_accounts(machine.target)
    staged = []
    for action in actions:
        with during(action, f"write the keys of {action.user}"):
            staged.append(_stage(machine, accounts, action))
    machine.target.commit(staged)


def keys_path(user: User) -> str:
    return f"{user.home.rstrip('/')}/.ssh/authorized_keys"


def keys_text(action: EnsureAuthorizedKeys) -> bytes:
    return "".join(f"{key}\n" for key in action.keys).encode()


def _difference(machine: Machine, accounts: Accounts, action: EnsureAuthorizedKeys) -> Difference | None:
    summary = describe(action)
    user = accounts.users.get(action.user)
    path = keys_path(user) if user else ""
    entry = machine.target.stat(path) if user else None
    if entry is None:
        return created(summary, content_lines(None, keys_text(action)))
    content, problem = read_regular(machine.target, path, entry)
    metadata = metadata_lines(accounts, entry, mode=FILE_MODE, user=action.user, group=None)
    return changed(summary, [*metadata, *(problem or content_lines(content, keys_text(action)))])


def _stage(machine: Machine, accounts: Accounts, action: EnsureAuthorizedKeys) -> StagedFile:
    user = accounts.users.get(action.user)
    if user is None:
        raise ProvisionError(f"user {action.user!r} does not exist", hint="add it under users")
    owner = Ownership(user.uid, user.gid)
    path = keys_path(user)
    directory = path.rpartition("/")[0]
    if machine.target.stat(directory) is None:
        machine.target.make_directory(directory, mode=DIRECTORY_MODE, owner=owner)
    return machine.target.stage_file(path, keys_text(action), mode=FILE_MODE, owner=owner)


HANDLER = Handler(EnsureAuthorizedKeys, probe, perform)
