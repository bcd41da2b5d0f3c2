"""Section `users`: who exists, and who may log in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureAuthorizedKeys, EnsureUser, RemoveUser, Secret, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.absent import check_absent
from provision.sections.claims import Claim
from provision.sections.hidden import HiddenText
from provision.sections.names import AccountId, check_account_name, check_reserved_id
from provision.sections.password_hash import LOCKED, check_password_hash
from provision.sections.places import check_path
from provision.sections.ssh_keys import check_ssh_key
from provision.sections.sudo_rules import check_sudo_rule, sudoers_path, sudoers_text


class User(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One user. What is absent is left as it is, or as the system does it for new users."""

    name: Annotated[str, Meta(description="Login name.", examples=["core"])]
    uid: Annotated[
        AccountId | None, Meta(description="Numeric id; absent: the system chooses.", examples=[1000])
    ] = None
    password_hash: Annotated[
        HiddenText | None,
        Meta(
            description="Hash in crypt(5) form, as `mkpasswd` prints it; never the password itself. Secret.",
            extra={"secret": True},
        ),
    ] = None
    gecos: Annotated[str | None, Meta(description="Full name or comment.")] = None
    home: Annotated[str | None, Meta(description="Home directory.", examples=["/home/core"])] = None
    shell: Annotated[str | None, Meta(description="Login shell.", examples=["/bin/bash"])] = None
    primary_group: Annotated[
        str | None, Meta(description="Primary group; absent: a group of the same name.")
    ] = None
    groups: Annotated[
        tuple[str, ...],
        Meta(
            description="Supplementary groups the user is added to; memberships in others are left alone.",
            examples=[["sudo"]],
        ),
    ] = ()
    system: Annotated[bool, Meta(description="A system user: low id, no home directory made.")] = False
    create_home: Annotated[
        bool | None,
        Meta(description="Make the home directory, or not; absent: yes, unless it is a system user."),
    ] = None
    user_group: Annotated[
        bool,
        Meta(
            description="A new user without `primary_group` gets a group of the same name; false: the system's "
            "default group."
        ),
    ] = True
    ssh_authorized_keys: Annotated[
        tuple[str, ...] | None,
        Meta(description="Lines of authorized_keys: these and no others. Absent: the file is left alone."),
    ] = None
    sudo: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="Rules of sudoers(5) without the user's name, written to /etc/sudoers.d/provision-NAME.",
            examples=["ALL=(ALL) NOPASSWD: ALL"],
        ),
    ] = None
    lock: Annotated[
        bool,
        Meta(
            description="No password logs in, also not the one of `password_hash`, which is kept; keys still do."
        ),
    ] = False
    absent: Annotated[
        bool,
        Meta(description="The user shall not exist; a home directory stays. Never with other fields."),
    ] = False

    @property
    def sudo_rules(self) -> tuple[str, ...]:
        return (self.sudo,) if isinstance(self.sudo, str) else self.sudo or ()


def check(users: tuple[User, ...], place: Place) -> Iterator[Problem]:
    for index, user in enumerate(users):
        yield from _check_user(user, (*place, index))


def _check_user(user: User, place: Place) -> Iterator[Problem]:
    yield from check_account_name(user.name, (*place, "name"), "user")
    if user.absent:
        yield from _check_removal(user, place)
        return
    yield from check_reserved_id(user.uid, user.name, (*place, "uid"), "user")
    if user.password_hash is not None:
        yield from check_password_hash(user.password_hash, (*place, "password_hash"))
    if user.gecos is not None and re.search(r"[:\n\r]", user.gecos):
        yield error("gecos", (*place, "gecos"), "a colon or line break would break /etc/passwd")
    for field, path in (("home", user.home), ("shell", user.shell)):
        if path is not None:
            yield from _check_passwd_path(path, (*place, field))
    if user.primary_group is not None:
        yield from check_account_name(user.primary_group, (*place, "primary_group"), "group")
    for index, group in enumerate(user.groups):
        yield from check_account_name(group, (*place, "groups", index), "group")
        if group in user.groups[:index]:
            yield error("duplicate-name", (*place, "groups", index), f"group {group!r} is there twice")
    yield from _check_keys(user.ssh_authorized_keys or (), (*place, "ssh_authorized_keys"))
    yield from _check_sudo(user, (*place, "sudo"))


def _check_removal(user: User, place: Place) -> Iterator[Problem]:
    if user.name == "root":
        yield error("remove-root", (*place, "name"), "a machine needs its user 'root'", "use `lock: true`")
    yield from check_absent(user, place, beside=("name",))


def _check_sudo(user: User, place: Place) -> Iterator[Problem]:
    if isinstance(user.sudo, str):
        yield from check_sudo_rule(user.sudo, user.name, place)
        return
    for index, rule in enumerate(user.sudo or ()):
        yield from check_sudo_rule(rule, user.name, (*place, index))


def _check_passwd_path(path: str, place: Place) -> Iterator[Problem]:
    if ":" in path:
        yield error("path", place, "a colon would break /etc/passwd")
    elif path != "/":  # system users live there
        yield from check_path(path, place)


def _check_keys(keys: tuple[str, ...], place: Place) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, key in enumerate(keys):
        yield from check_ssh_key(key, (*place, index))
        if key.strip() in seen:
            first = path_text((*place, seen[key.strip()]))
            yield warning("duplicate-ssh-key", (*place, index), f"the same key as {first}")
        seen.setdefault(key.strip(), index)


def claims(users: tuple[User, ...], place: Place) -> Iterator[Claim]:
    for index, user in enumerate(users):
        if user.sudo_rules:
            yield Claim(sudoers_path(user.name), (*place, index, "sudo"))


def plan(users: tuple[User, ...], _facts: Facts) -> Iterator[Step]:
    for index, user in enumerate(users):
        yield Step(RemoveUser(user.name) if user.absent else _ensure(user), path_text(("users", index)))
    for index, user in enumerate(users):
        yield from _plan_access(user, ("users", index))


def _ensure(user: User) -> EnsureUser:
    return EnsureUser(
        user.name,
        uid=user.uid,
        gecos=user.gecos,
        home=user.home,
        shell=user.shell,
        primary_group=user.primary_group,
        groups=user.groups,
        password_hash=_stored_hash(user),
        system=user.system,
        locked=user.lock,
        create_home=user.create_home,
        user_group=user.user_group,
    )


def _stored_hash(user: User) -> Secret | None:
    if user.password_hash is None:
        return None
    text = user.password_hash.reveal()
    # shadow(5): a password whose hash stands behind `!` is kept, and does not log in.
    return Secret(f"!{text}" if user.lock and not LOCKED.fullmatch(text) else text)


def _plan_access(user: User, place: Place) -> Iterator[Step]:
    if user.ssh_authorized_keys is not None:
        keys = tuple(key.strip() for key in user.ssh_authorized_keys)
        yield Step(EnsureAuthorizedKeys(user.name, keys), path_text((*place, "ssh_authorized_keys")))
    if user.sudo_rules:
        content = sudoers_text(user.name, user.sudo_rules).encode()
        # 0440 as sudo's own files: with a mode that others can write, sudo refuses to work at all.
        yield Step(WriteFile(sudoers_path(user.name), content, mode=0o440), path_text((*place, "sudo")))
