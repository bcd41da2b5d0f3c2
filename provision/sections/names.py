"""Names of accounts, and who owns what: the rules that users, groups and files have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from provision.findings import Place, Problem, error
from provision.variables import has_variable

# useradd(8): a lower-case letter or underscore first; systemd agrees on this strict form. utmp holds 32.
ACCOUNT_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}\$?")

MAX_ID = 2**32 - 2  # 2**32 - 1 is (uid_t)-1, "no change" to chown(2)

AccountId = Annotated[int, Meta(ge=0, le=MAX_ID)]

# Who has them everywhere: root, and nobody with its group. 65535 is (uid_t)-1 of the 16-bit calls.
RESERVED_IDS = {0: ("root",), 65534: ("nobody", "nogroup"), 65535: ()}


def check_account_name(name: str, place: Place, kind: str) -> Iterator[Problem]:
    if has_variable(name) or (ACCOUNT_NAME.fullmatch(name) and len(name) <= 32):
        return
    yield error(
        f"{kind}-name",
        place,
        f"{name!r} is no {kind} name",
        "a lower-case letter or _ first, then a-z 0-9 _ -, at most 32 characters",
    )


def check_reserved_id(number: int | None, name: str, place: Place, kind: str) -> Iterator[Problem]:
    owners = RESERVED_IDS.get(number, (name,)) if number is not None else (name,)
    if name not in owners:
        hint = "leave it out, and the system chooses"
        whose = f"{kind} id {number} is {owners[0]}'s" if owners else f"{kind} id {number} means 'no id'"
        yield error("reserved-id", place, whose, hint)


def check_owner(owner: str | int, place: Place, kind: str) -> Iterator[Problem]:
    """An owner is a name or a number that is an id."""
    if isinstance(owner, str) and not _is_number(owner):
        yield from check_account_name(owner, place, kind)
    elif not 0 <= int(owner) <= MAX_ID:
        yield error("out-of-range", place, f"{owner} is no {kind} id", f"ids are 0 to {MAX_ID}")


def owner(value: str | int) -> str | int:
    """`"1000"` in quotes is an id all the same: no account name starts with a digit."""
    return int(value) if isinstance(value, str) and _is_number(value) else value


def _is_number(text: str) -> bool:
    # Ten digits hold every id; int() refuses thousands of them.
    return re.fullmatch(r"[0-9]{1,10}", text) is not None
