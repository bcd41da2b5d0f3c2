"""Users and groups as the target's own files know them, never the host's."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from provision.errors import ProvisionError
from provision.execute.target import Ownership, Target


class User(Struct, frozen=True):
    """A line of passwd(5)."""

    name: str
    uid: int
    gid: int
    gecos: str
    home: str
    shell: str


class Group(Struct, frozen=True):
    """A line of group(5)."""

    name: str
    gid: int
    members: tuple[str, ...]


class Accounts(Struct, frozen=True):
    users: Mapping[str, User]
    groups: Mapping[str, Group]

    def uid(self, user: str | int) -> int | None:
        if isinstance(user, int):
            return user
        known = self.users.get(user)
        return known.uid if known else None

    def gid(self, group: str | int) -> int | None:
        if isinstance(group, int):
            return group
        known = self.groups.get(group)
        return known.gid if known else None

    def ownership(self, user: str | int, group: str | int) -> Ownership:
        """Ids for names; ProvisionError when the target does not know one."""
        uid, gid = self.uid(user), self.gid(group)
        if uid is None:
            raise ProvisionError(f"user {user!r} does not exist", hint="add it under users")
        if gid is None:
            raise ProvisionError(f"group {group!r} does not exist", hint="add it under groups")
        return Ownership(uid, gid)

    def user_name(self, uid: int) -> str:
        return next((user.name for user in self.users.values() if user.uid == uid), str(uid))

    def group_name(self, gid: int) -> str:
        return next((group.name for group in self.groups.values() if group.gid == gid), str(gid))


def read_accounts(target: Target) -> Accounts:
    users = _users(target.read_file("/etc/passwd") or b"")
    groups = _groups(target.read_file("/etc/group") or b"")
    # A root directory without account files, an image being built, still knows the owner of everything.
    users.setdefault("root", User("root", 0, 0, "root", "/root", "/bin/sh"))
    groups.setdefault("root", Group("root", 0, ()))
    return Accounts(users, groups)


def read_password_hashes(target: Target) -> Mapping[str, str]:
    """Second field of shadow(5) by user. PermissionError for everyone but root."""
    rows = _rows(target.read_file("/etc/shadow") or b"", 2)
    return {row[0]: row[1] for row in rows}


def read_group_hashes(target: Target) -> Mapping[str, str]:
    """Second field of gshadow(5) by group, or of group(5) where there is no gshadow. PermissionError as above."""
    shadow = target.read_file("/etc/gshadow")
    rows = _rows((target.read_file("/etc/group") or b"") if shadow is None else shadow, 2)
    return {row[0]: row[1] for row in rows}


def _users(passwd: bytes) -> dict[str, User]:
    rows = (row for row in _rows(passwd, 7) if row[2].isdecimal() and row[3].isdecimal())
    return {row[0]: User(row[0], int(row[2]), int(row[3]), row[4], row[5], row[6]) for row in rows}


def _groups(group: bytes) -> dict[str, Group]:
    rows = (row for row in _rows(group, 4) if row[2].isdecimal())
    return {row[0]: Group(row[0], int(row[2]), tuple(filter(None, row[3].split(",")))) for row in rows}


def _rows(table: bytes, fields: int) -> list[list[str]]:
    """Lines with at least `fields` fields; NIS lines and comments, which have no plain name, are not ours."""
    rows = [line.split(":") for line in table.decode(errors="surrogateescape").splitlines()]
    return [row for row in rows if len(row) >= fields and row[0] and row[0][0] not in "+-#"]
