"""`chpasswd` and `password`: password hashes of users that are listed elsewhere, or that the image has."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.users import Accounts
from provision.formats.cloud_config.words import SECRET
from provision.sections.hidden import HiddenText


class Password(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    password: Annotated[HiddenText | None, SECRET] = None
    type: Literal["hash", "text", "RANDOM"] = "hash"


class Chpasswd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    list: Annotated[str | tuple[str, ...], SECRET] = ()
    users: tuple[Password, ...] = ()
    expire: bool = True


HINT = "write a hash, as `mkpasswd -m yescrypt` prints it"


def translate_passwords(chpasswd: Chpasswd | None, password: HiddenText | None, accounts: Accounts) -> None:
    """cloud-init makes users change what is set here at the first login, unless it is told not to."""
    if chpasswd is not None:
        _translate_list(chpasswd.list, accounts)
        for index, user in enumerate(chpasswd.users):
            _translate_user(user, ("chpasswd", "users", index), accounts)
    if password is not None:
        made = accounts.default_user(("password",))
        made.put("password_hash", password.reveal(), ("password",))
        made.put("lock", False, ("password",))
    if (chpasswd is None or chpasswd.expire) and (chpasswd is not None or password is not None):
        place: Place = ("password",) if chpasswd is None else ("chpasswd", "expire")
        message = "'expire' is not carried out: passwords do not expire at the first login"
        accounts.draft.report(error("not-carried", place, message, "write chpasswd: {expire: false}"))


def _translate_list(lines: str | tuple[str, ...], accounts: Accounts) -> None:
    place: Place = ("chpasswd", "list")
    for index, line in enumerate(lines.splitlines() if isinstance(lines, str) else lines):
        here = place if isinstance(lines, str) else (*place, index)
        name, colon, password = line.strip().partition(":")
        if not name and not colon:
            continue
        if not colon:
            accounts.draft.report(
                error("password-line", here, "a line here is a user, a colon and a hash", HINT)
            )
            continue
        _put(name, password, here, here, accounts)


def _translate_user(user: Password, place: Place, accounts: Accounts) -> None:
    if user.type == "RANDOM":
        message = "a password that nobody knows beforehand is not made"
        accounts.draft.report(error("password-random", (*place, "type"), message, HINT))
    elif user.password is None:
        accounts.draft.report(error("missing-key", place, "'password' is missing"))
    elif user.type == "text":
        message = "the password itself does not belong in a config"
        accounts.draft.report(error("password-plaintext", (*place, "password"), message, HINT))
    else:
        _put(user.name, user.password.reveal(), (*place, "name"), (*place, "password"), accounts)


def _put(name: str, password: str, name_place: Place, place: Place, accounts: Accounts) -> None:
    made = accounts.user(name, name_place)
    made.put("password_hash", password, place)
    made.put("lock", False, place)
