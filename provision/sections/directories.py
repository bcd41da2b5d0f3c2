"""Section `directories`: directories that shall exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureDirectory, RemovePath, Step
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.absent import check_absent
from provision.sections.claims import Claim
from provision.sections.names import check_owner, owner
from provision.sections.places import Mode, check_mode, check_path, parse_mode


class Directory(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One directory. Missing parents are made too, owned by root, mode 0755."""

    path: Annotated[str, Meta(description="Absolute path.", examples=["/srv/data"])]
    mode: Annotated[
        Mode | None, Meta(description="Permission bits in octal; absent: 0755 for a new directory.")
    ] = None
    user: Annotated[
        str | int | None, Meta(description="Owner, by name or id; absent: root for a new directory.")
    ] = None
    group: Annotated[
        str | int | None, Meta(description="Group, by name or id; absent: root for a new directory.")
    ] = None
    absent: Annotated[
        bool,
        Meta(description="The directory shall not be there, whoever made it. With `recursive` at most."),
    ] = False
    recursive: Annotated[
        bool,
        Meta(description="With `absent`: remove it with all that is in it; otherwise only when it is empty."),
    ] = False


# Without one of them there is no system left; /var/lib/provision is the agent's own memory.
KEPT = frozenset(
    {
        *(
            "/bin",
            "/boot",
            "/dev",
            "/etc",
            "/home",
            "/lib",
            "/lib32",
            "/lib64",
            "/proc",
            "/root",
            "/run",
            "/sbin",
        ),
        *("/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/var", "/var/lib", "/var/lib/dpkg"),
        "/var/lib/provision",
    }
)


def check(directories: tuple[Directory, ...], place: Place) -> Iterator[Problem]:
    for index, directory in enumerate(directories):
        here = (*place, index)
        yield from check_path(directory.path, (*here, "path"))
        yield from check_mode(directory.mode, (*here, "mode"))
        for field, owned_by in (("user", directory.user), ("group", directory.group)):
            if owned_by is not None:
                yield from check_owner(owned_by, (*here, field), field)
        yield from _check_removal(directory, here)


def _check_removal(directory: Directory, place: Place) -> Iterator[Problem]:
    if directory.absent:
        yield from check_absent(directory, place, beside=("path", "recursive"))
        if directory.path in KEPT:
            message = f"a machine does not work without {directory.path!r}"
            yield error("remove-system", (*place, "path"), message)
    elif directory.recursive:
        yield error("recursive", (*place, "recursive"), "recursive is for `absent: true` only")


def claims(directories: tuple[Directory, ...], place: Place) -> Iterator[Claim]:
    for index, directory in enumerate(directories):
        here = (*place, index, "path")
        yield Claim(directory.path, here, "absent" if directory.absent else "directory")


def plan(directories: tuple[Directory, ...], _facts: Facts) -> Iterator[Step]:
    for index, directory in enumerate(directories):
        because = path_text(("directories", index))
        if directory.absent:
            yield Step(RemovePath(directory.path, directory=True, recursive=directory.recursive), because)
            continue
        action = EnsureDirectory(
            directory.path,
            mode=None if directory.mode is None else parse_mode(directory.mode),
            user=None if directory.user is None else owner(directory.user),
            group=None if directory.group is None else owner(directory.group),
        )
        yield Step(action, because)
