"""Groups of the target, made by the distribution's own groupadd."""

from __future__ import annotations

from collections.abc import Sequence

from provision.actions import EnsureGroup, RemoveGroup
from provision.execute.account_files import demand_whole
from provision.execute.accounts import Accounts, Group, read_accounts
from provision.execute.difference import Difference, changed, created, removed
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[EnsureGroup]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(accounts, action))


def perform(machine: Machine, actions: Sequence[EnsureGroup]) -> None:
    accounts = read_accounts(machine.target)
    for action in actions:
        with during(action, f"make group {action.name}"):
            demand_whole(machine, _command(machine, accounts, action))


def probe_removed(machine: Machine, actions: Sequence[RemoveGroup]) -> list[Difference | None]:
    groups = read_accounts(machine.target).groups
    return [_removal(action, groups.get(action.name)) for action in actions]


def perform_removed(machine: Machine, actions: Sequence[RemoveGroup]) -> None:
    for action in actions:
        with during(action, f"remove group {action.name}"):
            demand_whole(machine, ["groupdel", *root_option(machine), action.name])


def _removal(action: RemoveGroup, group: Group | None) -> Difference | None:
    if group is None:
        return None
    members = [f"-members {', '.join(group.members)}"] if group.members else []
    return removed(describe(action), [f"-gid {group.gid}", *members])


def root_option(machine: Machine) -> list[str]:
    """The account tools chroot for --root, which a machine working on itself does not need."""
    root = str(machine.target.root)
    return [] if root == "/" else ["--root", root]


def _difference(accounts: Accounts, action: EnsureGroup) -> Difference | None:
    summary = describe(action)
    group = accounts.groups.get(action.name)
    if group is None:
        return created(summary, [f"+gid {action.gid}"] if action.gid is not None else [])
    if action.gid is None or action.gid == group.gid:
        return None
    return changed(summary, [f"-gid {group.gid}", f"+gid {action.gid}"])


def _command(machine: Machine, accounts: Accounts, action: EnsureGroup) -> list[str]:
    gid = ["--gid", str(action.gid)] if action.gid is not None else []
    if action.name in accounts.groups:
        return ["groupmod", *root_option(machine), *gid, action.name]
    system = ["--system"] if action.system else []
    return ["groupadd", *root_option(machine), *system, *gid, action.name]


HANDLER = Handler(EnsureGroup, probe, perform)
REMOVE = Handler(RemoveGroup, probe_removed, perform_removed)
