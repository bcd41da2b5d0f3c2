"""Groups of the target, made by the distribution's own groupadd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provision.actions import EnsureGroup, RemoveGroup
from provision.execute.account_files import demand_whole
from provision.execute.accounts import Accounts, Group, read_accounts, read_group_hashes
from provision.execute.difference import NOT_KNOWN, Difference, changed, created, removed
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.plan.describe import describe


def probe(machine: Machine, actions: Sequence[EnsureGroup]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    hashes = _hashes(machine) if any(action.password_hash for action in actions) else {}
    return probe_each(actions, lambda action: _difference(accounts, hashes, action))


def perform(machine: Machine, actions: Sequence[EnsureGroup]) -> None:
    accounts = read_accounts(machine.target)
    for action in actions:
        with during(action, f"make group {action.name}"):
            if action.name not in accounts.groups or _gid_lines(accounts, action):
                demand_whole(machine, _command(machine, accounts, action))
            _ensure_password(machine, action)


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


def _hashes(machine: Machine) -> Mapping[str, str] | None:
    try:
        return read_group_hashes(machine.target)
    except PermissionError:  # a plan may be made without privileges; the difference then says so
        return None


def _difference(
    accounts: Accounts, hashes: Mapping[str, str] | None, action: EnsureGroup
) -> Difference | None:
    summary = describe(action)
    if action.name not in accounts.groups:
        wanted = {"gid": action.gid, "password": action.password_hash}
        return created(summary, [f"+{name} {value}" for name, value in wanted.items() if value is not None])
    return changed(summary, [*_gid_lines(accounts, action), *_password_lines(hashes, action)])


def _gid_lines(accounts: Accounts, action: EnsureGroup) -> list[str]:
    have = accounts.groups[action.name].gid
    return [] if action.gid in (None, have) else [f"-gid {have}", f"+gid {action.gid}"]


def _password_lines(hashes: Mapping[str, str] | None, action: EnsureGroup) -> list[str]:
    if action.password_hash is None:
        return []
    if hashes is None:
        return [f"{NOT_KNOWN}only root can compare the password"]
    is_equal = hashes.get(action.name) == action.password_hash.reveal()
    return [] if is_equal else ["-password <secret>", "+password <secret>"]


def _ensure_password(machine: Machine, action: EnsureGroup) -> None:
    if action.password_hash is not None and _password_lines(read_group_hashes(machine.target), action):
        # Through standard input: arguments are readable by every user of the machine.
        line = f"{action.name}:{action.password_hash.reveal()}\n"
        demand_whole(machine, ["chgpasswd", "--encrypted", *root_option(machine)], stdin=line)


def _command(machine: Machine, accounts: Accounts, action: EnsureGroup) -> list[str]:
    gid = ["--gid", str(action.gid)] if action.gid is not None else []
    if action.name in accounts.groups:
        return ["groupmod", *root_option(machine), *gid, action.name]
    system = ["--system"] if action.system else []
    return ["groupadd", *root_option(machine), *system, *gid, action.name]


HANDLER = Handler(EnsureGroup, probe, perform)
REMOVE = Handler(RemoveGroup, probe_removed, perform_removed)
