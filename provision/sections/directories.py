"""Section `directories`: directories that shall exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureDirectory, Step
from provision.facts import Facts
from provision.findings import Place, Problem, path_text
from provision.sections.names import check_owner, owner
from provision.sections.places import Mode, check_mode, check_path, parse_mode


class Directory(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One directory. Missing parents are made too, owned by root, mode 0755."""

    path: Annotated[str, Meta(description="Absolute path.", examples=["/srv/data"])]
    mode: Annotated[
        Mode | None, Meta(description="Permission bits in octal; absent: 0755 for a new directory.")
    ] = None
    user: Annotated[str | int, Meta(description="Owner, by name or id.")] = "root"
    group: Annotated[str | int, Meta(description="Group, by name or id.")] = "root"


def check(directories: tuple[Directory, ...], place: Place) -> Iterator[Problem]:
    for index, directory in enumerate(directories):
        here = (*place, index)
        yield from check_path(directory.path, (*here, "path"))
        yield from check_mode(directory.mode, (*here, "mode"))
        yield from check_owner(directory.user, (*here, "user"), "user")
        yield from check_owner(directory.group, (*here, "group"), "group")


def plan(directories: tuple[Directory, ...], _facts: Facts) -> Iterator[Step]:
    for index, directory in enumerate(directories):
        action = EnsureDirectory(
            directory.path,
            mode=None if directory.mode is None else parse_mode(directory.mode),
            user=owner(directory.user),
            group=owner(directory.group),
        )
        yield Step(action, path_text(("directories", index)))
