"""Section `links`: symbolic and hard links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from provision.actions import EnsureLink, RemovePath, Step
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.absent import check_absent
from provision.sections.claims import Claim
from provision.sections.names import check_owner, owner
from provision.sections.places import check_path


class Link(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One link."""

    path: Annotated[str, Meta(description="Absolute path of the link.", examples=["/etc/localtime"])]
    target: Annotated[
        str | None,
        Meta(
            description="What it points at; for a hard link an absolute path.",
            examples=["/usr/share/zoneinfo/UTC"],
        ),
    ] = None
    hard: Annotated[bool, Meta(description="A hard link instead of a symbolic one.")] = False
    user: Annotated[
        str | int | None,
        Meta(description="Owner of a symbolic link, by name or id; absent: root for a new one."),
    ] = None
    group: Annotated[
        str | int | None,
        Meta(description="Group of a symbolic link, by name or id; absent: root for a new one."),
    ] = None
    overwrite: Annotated[
        bool | Literal["own"],
        Meta(
            description="True: a file or another link that is there is replaced. False: it stays as it is. own: it is "
            "an error, unless provision made it.",
            examples=["own"],
        ),
    ] = True
    absent: Annotated[
        bool, Meta(description="No link or file shall be there, whoever made it. Never with other fields.")
    ] = False


def check(links: tuple[Link, ...], place: Place) -> Iterator[Problem]:
    for index, link in enumerate(links):
        here = (*place, index)
        yield from check_path(link.path, (*here, "path"))
        if link.absent:
            yield from check_absent(link, here, beside=("path",))
        elif link.target is None:
            yield error("missing-key", here, "'target' is missing")
        else:
            yield from _check_target(link, link.target, (*here, "target"))
            yield from _check_owner(link, here)


def _check_target(link: Link, target: str, place: Place) -> Iterator[Problem]:
    if not target or "\0" in target:
        yield error("link-target", place, "a link needs a target")
    elif target == link.path:
        yield error("link-to-itself", place, "the link points at itself")
    elif link.hard:
        yield from check_path(target, place)


def _check_owner(link: Link, place: Place) -> Iterator[Problem]:
    for field, owned_by in (("user", link.user), ("group", link.group)):
        if owned_by is None:
            continue
        yield from check_owner(owned_by, (*place, field), field)
        if link.hard:
            message = "a hard link is owned by who owns the file"
            yield structs.replace(error("link-owner", (*place, field), message), at_key=True)


def claims(links: tuple[Link, ...], place: Place) -> Iterator[Claim]:
    for index, link in enumerate(links):
        here = (*place, index, "path")
        yield Claim(link.path, here, "absent" if link.absent else "link")


def plan(links: tuple[Link, ...], _facts: Facts) -> Iterator[Step]:
    for index, link in enumerate(links):
        ensure = EnsureLink(
            link.path,
            link.target or "",
            hard=link.hard,
            overwrite=link.overwrite,
            user=None if link.user is None else owner(link.user),
            group=None if link.group is None else owner(link.group),
        )
        yield Step(RemovePath(link.path) if link.absent else ensure, path_text(("links", index)))
