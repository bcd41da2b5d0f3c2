"""Users of the target, made by the distribution's own useradd and usermod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provision.actions import EnsureUser, RemoveUser
from provision.errors import ProvisionError
from provision.execute.account_files import demand_whole
from provision.execute.accounts import Accounts, User, read_accounts, read_password_hashes
from provision.execute.difference import NOT_KNOWN, Difference, changed, created, removed
from provision.execute.handlers.groups import root_option
from provision.execute.home import make_home
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.plan.describe import describe

LOCKED_MARKS = ("!", "*")
LOCKED = "*"  # shadow(5): a string no password hashes to; keys still log in


def probe(machine: Machine, actions: Sequence[EnsureUser]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    hashes = _hashes(machine) if any(action.password_hash or action.locked for action in actions) else {}
    return probe_each(actions, lambda action: _difference(machine, accounts, hashes, action))


def perform(machine: Machine, actions: Sequence[EnsureUser]) -> None:
    for action in actions:
        with during(action, f"make user {action.name}"):
            _perform_one(machine, action)


def probe_removed(machine: Machine, actions: Sequence[RemoveUser]) -> list[Difference | None]:
    users = read_accounts(machine.target).users
    return [_removal(action, users.get(action.name)) for action in actions]


def perform_removed(machine: Machine, actions: Sequence[RemoveUser]) -> None:
    """Without --remove: a home can hold the only copy of something, and be another user's too."""
    for action in actions:
        with during(action, f"remove user {action.name}"):
            demand_whole(machine, ["userdel", *root_option(machine), action.name])


def _removal(action: RemoveUser, user: User | None) -> Difference | None:
    if user is None:
        return None
    return removed(describe(action), [f"-uid {user.uid}", f"home {user.home} stays"])


def _hashes(machine: Machine) -> Mapping[str, str] | None:
    try:
        return read_password_hashes(machine.target)
    except PermissionError:  # a plan may be made without privileges; the difference then says so
        return None


def _difference(
    machine: Machine, accounts: Accounts, hashes: Mapping[str, str] | None, action: EnsureUser
) -> Difference | None:
    summary = describe(action)
    user = accounts.users.get(action.name)
    if user is None:
        return created(summary, _wanted(action))
    home = [] if _has_home(machine, action, user) else [f"+home directory {user.home}"]
    fields, groups = _field_lines(accounts, action, user), _group_lines(accounts, action)
    return changed(summary, [*fields, *groups, *home, *_password_lines(hashes, action)])


def _wanted(action: EnsureUser) -> list[str]:
    fields = {
        "uid": action.uid,
        "gecos": action.gecos,
        "home": action.home,
        "shell": action.shell,
        "primary group": action.primary_group,
        "groups": ", ".join(action.groups) or None,
        "password": action.password_hash or ("locked" if action.locked else None),
    }
    return [f"+{name} {value}" for name, value in fields.items() if value is not None]


def _field_lines(accounts: Accounts, action: EnsureUser, user: User) -> list[str]:
    fields = (
        ("uid", action.uid, user.uid),
        ("gecos", action.gecos, user.gecos),
        ("home", action.home, user.home),
        ("shell", action.shell, user.shell),
        ("primary group", action.primary_group, accounts.group_name(user.gid)),
    )
    differing = [(name, want, have) for name, want, have in fields if want is not None and want != have]
    return [line for name, want, have in differing for line in (f"-{name} {have}", f"+{name} {want}")]


def _group_lines(accounts: Accounts, action: EnsureUser) -> list[str]:
    """Memberships are added, never taken away: who else put the user into a group is not known here."""
    return [f"+member of {name}" for name in _missing_groups(accounts, action)]


def _missing_groups(accounts: Accounts, action: EnsureUser) -> list[str]:
    def is_member(name: str) -> bool:
        group = accounts.groups.get(name)
        return group is not None and action.name in group.members

    return [name for name in action.groups if not is_member(name)]


def _password_lines(hashes: Mapping[str, str] | None, action: EnsureUser) -> list[str]:
    if action.password_hash is None:
        return _lock_lines(hashes, action)
    if hashes is None:
        return [f"{NOT_KNOWN}only root can compare the password"]
    is_equal = hashes.get(action.name) == action.password_hash.reveal()
    return [] if is_equal else ["-password <secret>", "+password <secret>"]


def _lock_lines(hashes: Mapping[str, str] | None, action: EnsureUser) -> list[str]:
    if not action.locked:
        return []
    if hashes is None:
        return [f"{NOT_KNOWN}only root can see whether the password is locked"]
    return [] if hashes.get(action.name, "").startswith(LOCKED_MARKS) else ["+password locked"]


def _has_home(machine: Machine, action: EnsureUser, user: User) -> bool:
    """Or shall have none."""
    is_wanted = not action.system if action.create_home is None else action.create_home
    return not is_wanted or machine.target.stat(user.home) is not None


def _perform_one(machine: Machine, action: EnsureUser) -> None:
    accounts = read_accounts(machine.target)
    user = accounts.users.get(action.name)
    if user is None:
        demand_whole(machine, _useradd(machine, accounts, action))
    elif _field_lines(accounts, action, user) or _missing_groups(accounts, action):
        demand_whole(machine, _usermod(machine, accounts, action))
    _ensure_password(machine, action)
    _ensure_home(machine, action)


def _ensure_password(machine: Machine, action: EnsureUser) -> None:
    if not _password_lines(read_password_hashes(machine.target), action):
        return
    if action.password_hash is None:
        demand_whole(machine, ["usermod", *root_option(machine), "--lock", action.name])
    else:
        # Through standard input: arguments are readable by every user of the machine.
        line = f"{action.name}:{action.password_hash.reveal()}\n"
        demand_whole(machine, ["chpasswd", "--encrypted", *root_option(machine)], stdin=line)


def _ensure_home(machine: Machine, action: EnsureUser) -> None:
    user = read_accounts(machine.target).users.get(action.name)
    if user is None:
        raise ProvisionError(f"user {action.name!r} is not in /etc/passwd after it was added")
    if not _has_home(machine, action, user):
        make_home(machine.target, user)


def _useradd(machine: Machine, accounts: Accounts, action: EnsureUser) -> list[str]:
    # --no-create-home: useradd fills a home in place, a power cut can leave half of one; make_home does not.
    arguments = ["useradd", *root_option(machine), "--no-create-home", "--password", LOCKED]
    if action.system:
        arguments.append("--system")
    if action.primary_group is None and action.user_group and action.name in accounts.groups:
        arguments += ["--gid", action.name]  # useradd refuses to make a user's own group when it exists
    elif action.primary_group is None:
        arguments.append("--user-group" if action.user_group else "--no-user-group")
    return [*arguments, *_fields(action), *_groups_option(action.groups), action.name]


def _usermod(machine: Machine, accounts: Accounts, action: EnsureUser) -> list[str]:
    missing = _missing_groups(accounts, action)
    append = ["--append"] if missing else []
    return [
        "usermod",
        *root_option(machine),
        *_fields(action),
        *append,
        *_groups_option(missing),
        action.name,
    ]


def _fields(action: EnsureUser) -> list[str]:
    options = (
        ("--uid", action.uid),
        ("--comment", action.gecos),
        ("--home", action.home),
        ("--shell", action.shell),
        ("--gid", action.primary_group),
    )
    return [part for option, value in options if value is not None for part in (option, str(value))]


def _groups_option(groups: Sequence[str]) -> list[str]:
    return ["--groups", ",".join(groups)] if groups else []


HANDLER = Handler(EnsureUser, probe, perform)
REMOVE = Handler(RemoveUser, probe_removed, perform_removed)
