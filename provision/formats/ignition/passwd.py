"""`passwd`: users and groups."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from provision.findings import Place, Severity
from provision.formats.draft import Draft
from provision.formats.front_end import not_carried
from provision.sections.hidden import HiddenText

SECRET = Meta(extra={"secret": True})


class User(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    name: str
    password_hash: Annotated[HiddenText | None, SECRET] = None
    ssh_authorized_keys: tuple[str, ...] | None = None
    uid: int | None = None
    gecos: str | None = None
    home_dir: str | None = None
    no_create_home: Annotated[bool, not_carried(Severity.ERROR, "a home directory is always made")] = False
    primary_group: str | None = None
    groups: tuple[str, ...] = ()
    no_user_group: Annotated[
        bool, not_carried(Severity.ERROR, "without a primary group, a group of the same name is made")
    ] = False
    no_log_init: Annotated[bool, not_carried(Severity.WARNING, "login records are made as usual")] = False
    shell: str | None = None
    should_exist: bool = True
    system: bool = False


class Group(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    name: str
    gid: int | None = None
    password_hash: Annotated[
        HiddenText | None,
        Meta(description="groups have no passwords", extra={"secret": True, "not_carried": Severity.ERROR}),
    ] = None
    should_exist: bool = True
    system: bool = False


class Passwd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()


def translate_passwd(passwd: Passwd, draft: Draft) -> None:
    for index, group in enumerate(passwd.groups):
        place: Place = ("passwd", "groups", index)
        made = draft.root.item("groups", place)
        made.put("name", group.name, (*place, "name"))
        if not group.should_exist:
            made.put("absent", True, (*place, "shouldExist"))
            continue
        made.put("gid", group.gid, (*place, "gid"))
        made.put("system", group.system, (*place, "system"))
    for index, user in enumerate(passwd.users):
        _translate_user(user, ("passwd", "users", index), draft)


def _translate_user(user: User, place: Place, draft: Draft) -> None:
    made = draft.root.item("users", place)
    made.put("name", user.name, (*place, "name"))
    if not user.should_exist:
        made.put("absent", True, (*place, "shouldExist"))
        return
    if user.password_hash is not None:
        made.put("password_hash", user.password_hash.reveal(), (*place, "passwordHash"))
    if user.ssh_authorized_keys is not None:
        made.put("ssh_authorized_keys", list(user.ssh_authorized_keys), (*place, "sshAuthorizedKeys"))
    made.put("uid", user.uid, (*place, "uid"))
    made.put("gecos", user.gecos, (*place, "gecos"))
    made.put("home", user.home_dir, (*place, "homeDir"))
    made.put("shell", user.shell, (*place, "shell"))
    made.put("primary_group", user.primary_group, (*place, "primaryGroup"))
    made.put("groups", list(user.groups), (*place, "groups"))
    made.put("system", user.system, (*place, "system"))
