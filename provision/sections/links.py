"""Section `links`: symbolic and hard links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnsureLink, Step
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.places import check_path


class Link(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One link."""

    path: Annotated[str, Meta(description="Absolute path of the link.", examples=["/etc/localtime"])]
    target: Annotated[
        str,
        Meta(
            description="What it points at; for a hard link an absolute path.",
            examples=["/usr/share/zoneinfo/UTC"],
        ),
    ]
    hard: Annotated[bool, Meta(description="A hard link instead of a symbolic one.")] = False


def check(links: tuple[Link, ...], place: Place) -> Iterator[Problem]:
    for index, link in enumerate(links):
        here = (*place, index)
        yield from check_path(link.path, (*here, "path"))
        yield from _check_target(link, (*here, "target"))


def _check_target(link: Link, place: Place) -> Iterator[Problem]:
    if not link.target or "\0" in link.target:
        yield error("link-target", place, "a link needs a target")
    elif link.target == link.path:
        yield error("link-to-itself", place, "the link points at itself")
    elif link.hard:
        yield from check_path(link.target, place)


def plan(links: tuple[Link, ...], _facts: Facts) -> Iterator[Step]:
    for index, link in enumerate(links):
        yield Step(EnsureLink(link.path, link.target, hard=link.hard), path_text(("links", index)))
