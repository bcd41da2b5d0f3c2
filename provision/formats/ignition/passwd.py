"""`passwd`: users and groups."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from provision.findings import Place, Severity
from provision.formats.draft import Draft, Entry
from provision.formats.front_end import not_carried
from provision.formats.spelling import since
from provision.sections.hidden import HiddenText

SECRET = Meta(extra={"secret": True})


class User(Struct, frozen=True, kw_only=True):
    name: str
    password_hash: Annotated[HiddenText | None, SECRET] = None
    ssh_authorized_keys: tuple[str, ...] = ()
    ssh_authorized_keys_local: Annotated[tuple[str, ...], since("3.4.0", sugar=True)] = ()
    uid: int | None = None
    gecos: str | None = None
    home_dir: str | None = None
    no_create_home: bool = False
    primary_group: str | None = None
    groups: tuple[str, ...] = ()
    no_user_group: bool = False
    no_log_init: Annotated[bool, not_carried(Severity.WARNING, "login records are made as usual")] = False
    shell: str | None = None
    should_exist: Annotated[bool, since("3.2.0")] = True
    system: bool = False


class Group(Struct, frozen=True, kw_only=True):
    name: str
    gid: int | None = None
    password_hash: Annotated[HiddenText | None, SECRET] = None
    should_exist: Annotated[bool, since("3.2.0")] = True
    system: bool = False


class Passwd(Struct, frozen=True, kw_only=True):
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()


def translate_passwd(passwd: Passwd, draft: Draft) -> None:
    for index, group in enumerate(passwd.groups):
        place: Place = ("passwd", "groups", index)
        made = draft.root.item("groups", place)
        made.put("name", group.name, (*place, "name"))
        if not group.should_exist:
            made.put("absent", True, (*place, "should_exist"))
            continue
        made.put("gid", group.gid, (*place, "gid"))
        made.put("system", group.system, (*place, "system"))
        _put_hash(group, made, place)
    for index, user in enumerate(passwd.users):
        _translate_user(user, ("passwd", "users", index), draft)


def _put_hash(account: User | Group, made: Entry, place: Place) -> None:
    if account.password_hash is not None:  # an empty one is none, as for Ignition
        made.put("password_hash", account.password_hash.reveal() or "*", (*place, "password_hash"))


def _translate_user(user: User, place: Place, draft: Draft) -> None:
    made = draft.root.item("users", place)
    made.put("name", user.name, (*place, "name"))
    if not user.should_exist:
        made.put("absent", True, (*place, "should_exist"))
        return
    _put_hash(user, made, place)
    if user.ssh_authorized_keys:  # with none, whoever may log in still may
        made.put("ssh_authorized_keys", list(user.ssh_authorized_keys), (*place, "ssh_authorized_keys"))
    for index, path in enumerate(user.ssh_authorized_keys_local):
        here: Place = (*place, "ssh_authorized_keys_local", index)
        text = (draft.local(path, here) or b"").decode(errors="replace")
        for line in map(str.strip, text.splitlines()):
            if line and not line.startswith("#"):
                made.append("ssh_authorized_keys", line, here)
    made.put("uid", user.uid, (*place, "uid"))
    made.put("gecos", user.gecos, (*place, "gecos"))
    made.put("home", user.home_dir, (*place, "home_dir"))
    made.put("shell", user.shell, (*place, "shell"))
    made.put("primary_group", user.primary_group, (*place, "primary_group"))
    made.put("groups", list(user.groups), (*place, "groups"))
    made.put("system", user.system, (*place, "system"))
    if user.no_create_home:
        made.put("create_home", False, (*place, "no_create_home"))
    elif user.system:  # who asks for none says so, also for a system user
        made.put("create_home", True, (*place, "system"))
    if user.no_user_group:
        made.put("user_group", False, (*place, "no_user_group"))
