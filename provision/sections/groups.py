"""Section `groups`: groups that shall exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureGroup, RemoveGroup, Secret, Step
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.absent import check_absent
from provision.sections.hidden import HiddenText
from provision.sections.names import AccountId, check_account_name, check_reserved_id
from provision.sections.password_hash import check_password_hash


class Group(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One group."""

    name: Annotated[str, Meta(description="Group name.", examples=["ops"])]
    gid: Annotated[
        AccountId | None, Meta(description="Numeric id; absent: the system chooses.", examples=[1500])
    ] = None
    system: Annotated[bool, Meta(description="Choose the id from the range of system groups.")] = False
    password_hash: Annotated[
        HiddenText | None,
        Meta(
            description="Hash in crypt(5) form of the password that newgrp(1) asks those who are no members. Secret.",
            extra={"secret": True},
        ),
    ] = None
    absent: Annotated[bool, Meta(description="The group shall not exist. Never with other fields.")] = False


def check(groups: tuple[Group, ...], place: Place) -> Iterator[Problem]:
    for index, group in enumerate(groups):
        here = (*place, index)
        yield from check_account_name(group.name, (*here, "name"), "group")
        yield from check_reserved_id(group.gid, group.name, (*here, "gid"), "group")
        if group.password_hash is not None:
            yield from check_password_hash(group.password_hash, (*here, "password_hash"))
        if group.absent:
            yield from _check_removal(group, here)


def _check_removal(group: Group, place: Place) -> Iterator[Problem]:
    if group.name == "root":
        yield error("remove-root", (*place, "name"), "a machine needs its group 'root'")
    yield from check_absent(group, place, beside=("name",))


def plan(groups: tuple[Group, ...], _facts: Facts) -> Iterator[Step]:
    for index, group in enumerate(groups):
        secret = None if group.password_hash is None else Secret(group.password_hash.reveal())
        ensure = EnsureGroup(group.name, gid=group.gid, system=group.system, password_hash=secret)
        yield Step(RemoveGroup(group.name) if group.absent else ensure, path_text(("groups", index)))
