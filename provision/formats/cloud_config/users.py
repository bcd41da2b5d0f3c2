"""`users` and `groups`: who exists, and who may log in."""

from __future__ import annotations

from typing import Annotated, Any  # Any: what is not carried out is not looked at

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.words import SECRET, ignored, refused, refused_secret
from provision.formats.draft import Draft, Entry
from provision.sections.hidden import HiddenText
from provision.sections.names import ACCOUNT_NAME


class User(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    passwd: Annotated[HiddenText | None, SECRET] = None
    hashed_passwd: Annotated[HiddenText | None, SECRET] = None
    plain_text_passwd: Annotated[
        Any, refused_secret("the password itself does not belong in a config: write hashed_passwd")
    ] = None
    lock_passwd: bool | None = None
    gecos: str | None = None
    homedir: str | None = None
    shell: str | None = None
    uid: int | str | None = None
    system: bool = False
    primary_group: str | None = None
    groups: str | tuple[str, ...] | dict[str, Any] = ()
    create_groups: bool = True
    sudo: bool | str | tuple[str, ...] | None = None
    ssh_authorized_keys: str | tuple[str, ...] | None = None
    no_create_home: Annotated[bool, refused("a home directory is always made")] = False
    no_user_group: Annotated[bool, refused("without a primary group, a group of the same name is made")] = (
        False
    )
    no_log_init: Annotated[bool, ignored("login records are made as usual")] = False
    doas: Annotated[Any, refused("doas is not configured")] = None
    expiredate: Annotated[Any, refused("accounts do not expire")] = None
    inactive: Annotated[Any, refused("accounts do not expire")] = None
    selinux_user: Annotated[Any, refused("SELinux is not configured")] = None
    snapuser: Annotated[Any, refused("no store is asked for users")] = None
    ssh_import_id: Annotated[Any, refused("keys are not fetched from elsewhere: write them out")] = None
    ssh_redirect_user: Annotated[Any, refused("logins are not redirected")] = None
    coreos_ssh_import_github: Annotated[
        Any, refused("keys are not fetched from elsewhere: write them out")
    ] = None
    coreos_ssh_import_github_users: Annotated[
        Any, refused("keys are not fetched from elsewhere: write them out")
    ] = None
    coreos_ssh_import_url: Annotated[Any, refused("keys are not fetched from elsewhere: write them out")] = (
        None
    )


Users = str | tuple[str | User, ...]
Groups = str | tuple[str | dict[str, str | tuple[str, ...]], ...] | dict[str, str | tuple[str, ...]]

# As in Debian's image for clouds, and in CoreOS's.
DEFAULT_NAME = {False: "debian", True: "core"}
DEFAULT_GROUPS = {
    False: ("adm", "audio", "cdrom", "dialout", "dip", "floppy", "netdev", "plugdev", "sudo", "video"),
    True: ("sudo",),
}
DEFAULT_SUDO = "ALL=(ALL) NOPASSWD:ALL"


class Accounts:
    """The users and groups of a draft by name: several keys of a cloud-config say something of the same one."""

    def __init__(self, draft: Draft, *, is_coreos: bool) -> None:
        self.draft = draft
        self.is_coreos = is_coreos
        self.default: str | None = None
        self._users: dict[str, Entry] = {}
        self._groups: set[str] = set()
        self._members: set[tuple[str, str]] = set()

    def user(self, name: str, place: Place) -> Entry:
        if name not in self._users:
            self._users[name] = self.draft.root.item("users", place)
            self._users[name].put("name", name, place)
        return self._users[name]

    def new_user(self, name: str, place: Place) -> Entry:
        """Listed again, it is another entry, which native checks refuse."""
        self._users.pop(name, None)
        return self.user(name, place)

    def group(self, name: str, place: Place) -> None:
        if name not in self._groups:
            self._groups.add(name)
            self.draft.root.item("groups", place).put("name", name, place)

    def join(self, user: str, group: str, place: Place) -> None:
        """Said in `users` and in `groups`, it is said once."""
        if (user, group) not in self._members:
            self._members.add((user, group))
            self.user(user, place).append("groups", group, place)

    def default_user(self, place: Place) -> Entry:
        """The image's own user, made when it is not there."""
        if self.default is not None:
            return self.user(self.default, place)
        self.default = DEFAULT_NAME[self.is_coreos]
        made = self.user(self.default, place)
        made.put("gecos", "CoreOS Admin" if self.is_coreos else "Debian", place)
        made.put("shell", "/bin/bash", place)
        made.put("sudo", DEFAULT_SUDO, place)
        made.put("lock", True, place)
        for name in DEFAULT_GROUPS[self.is_coreos]:
            self.join(self.default, name, place)
        return made


def translate_groups(groups: Groups, accounts: Accounts) -> None:
    place: Place = ("groups",)
    if isinstance(groups, str):
        for name in _names(groups):
            accounts.group(name, place)
    elif isinstance(groups, dict):
        _translate_members(groups, place, accounts)
    else:
        for index, group in enumerate(groups):
            if isinstance(group, str):
                accounts.group(group, (*place, index))
            else:
                _translate_members(group, (*place, index), accounts)


def _translate_members(groups: dict[str, str | tuple[str, ...]], place: Place, accounts: Accounts) -> None:
    for name, members in groups.items():
        here = (*place, name)
        accounts.group(name, here)
        for number, member in enumerate(_names(members)):
            inner = here if isinstance(members, str) else (*here, number)
            accounts.join(member, name, inner)


def translate_users(users: Users, user: str | User | None, accounts: Accounts) -> None:
    """`user` says who the default user is."""
    if isinstance(users, str):
        for name in _names(users):
            _translate_name(name, user, ("users",), accounts)
        return
    for index, one in enumerate(users):
        if isinstance(one, str):
            _translate_name(one, user, ("users", index), accounts)
        else:
            _translate_user(one, ("users", index), accounts)


def _translate_name(name: str, user: str | User | None, place: Place, accounts: Accounts) -> None:
    if name != "default":
        accounts.new_user(name, place).put("lock", True, place)
    elif isinstance(user, User):
        accounts.default = user.name
        _translate_user(user, ("user",), accounts)
    else:
        if user is not None:
            accounts.draft.report(
                error(
                    "default-user",
                    ("user",),
                    "the default user's name alone",
                    "write a mapping with its fields",
                )
            )
        accounts.default_user(place)


def _translate_user(user: User, place: Place, accounts: Accounts) -> None:
    made = accounts.new_user(user.name, (*place, "name"))
    made.put("gecos", user.gecos, (*place, "gecos"))
    made.put("home", user.homedir, (*place, "homedir"))
    made.put("shell", user.shell, (*place, "shell"))
    made.put("system", user.system or None, (*place, "system"))
    _translate_uid(user.uid, made, (*place, "uid"), accounts.draft)
    _translate_password(user, made, place, accounts)
    _translate_groups(user, made, place, accounts)
    if not isinstance(user.sudo, bool) and user.sudo:
        made.put("sudo", user.sudo if isinstance(user.sudo, str) else [*user.sudo], (*place, "sudo"))
    elif user.sudo is True:
        message = "true is no rule for sudo"
        accounts.draft.report(error("wrong-type", (*place, "sudo"), message, f"write {DEFAULT_SUDO!r}"))
    for index, key in enumerate(_listed(user.ssh_authorized_keys)):
        here = (*place, "ssh_authorized_keys")
        made.append(
            "ssh_authorized_keys", key, here if isinstance(user.ssh_authorized_keys, str) else (*here, index)
        )


def _translate_uid(uid: int | str | None, made: Entry, place: Place, draft: Draft) -> None:
    if isinstance(uid, str) and not uid.isdecimal():
        draft.report(error("wrong-type", place, "expected a whole number, got text"))
    elif uid is not None:
        made.put("uid", int(uid), place)


def _translate_password(user: User, made: Entry, place: Place, accounts: Accounts) -> None:
    for field, hashed in (("passwd", user.passwd), ("hashed_passwd", user.hashed_passwd)):
        if hashed is not None:
            made.put("password_hash", hashed.reveal(), (*place, field))
    # cloud-init locks a password unless it is told not to; CoreOS knew nothing of the kind.
    locked = not accounts.is_coreos if user.lock_passwd is None else user.lock_passwd
    made.put("lock", locked or None, (*place, "lock_passwd"))


def _translate_groups(user: User, made: Entry, place: Place, accounts: Accounts) -> None:
    here: Place = (*place, "groups")
    if user.primary_group is not None:
        made.put("primary_group", user.primary_group, (*place, "primary_group"))
        _create(user.primary_group, (*place, "primary_group"), user, accounts)
    for index, name in enumerate(_names(user.groups)):
        inner = (
            here
            if isinstance(user.groups, str)
            else (*here, name)
            if isinstance(user.groups, dict)
            else (*here, index)
        )
        accounts.join(user.name, name, inner)
        _create(name, inner, user, accounts)


def _create(group: str, place: Place, user: User, accounts: Accounts) -> None:
    """What is no name of a group is said of the user already."""
    if user.create_groups and ACCOUNT_NAME.fullmatch(group):
        accounts.group(group, place)


def _names(value: str | tuple[str, ...] | dict[str, Any]) -> list[str]:
    """Of a list, of the keys of a mapping, or of text with commas between them."""
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return list(value)


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()
