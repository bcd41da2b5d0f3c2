"""Section `groups`: groups that shall exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureGroup, Step
from provision.facts import Facts
from provision.findings import Place, Problem, path_text
from provision.sections.names import AccountId, check_account_name


class Group(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One group."""

    name: Annotated[str, Meta(description="Group name.", examples=["ops"])]
    gid: Annotated[
        AccountId | None, Meta(description="Numeric id; absent: the system chooses.", examples=[1500])
    ] = None
    system: Annotated[bool, Meta(description="Choose the id from the range of system groups.")] = False


def check(groups: tuple[Group, ...], place: Place) -> Iterator[Problem]:
    for index, group in enumerate(groups):
        yield from check_account_name(group.name, (*place, index, "name"), "group")


def plan(groups: tuple[Group, ...], _facts: Facts) -> Iterator[Step]:
    for index, group in enumerate(groups):
        action = EnsureGroup(group.name, gid=group.gid, system=group.system)
        yield Step(action, path_text(("groups", index)))
