"""Section `trees`: directories with all that is in them, from tar archives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import Step, UnpackTree
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.claims import Claim
from provision.sections.data_url import decode_data_url, is_data_url
from provision.sections.file_contents import Headers, check_fetched, check_inline_digest, remote_of
from provision.sections.names import check_owner, owner
from provision.sections.places import Mode, check_mode, check_path, parse_mode
from provision.variables import has_variable


class Tree(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One directory and everything an archive puts below it.

    Files that the archive has are as they are there; what leaves it is removed again; what others put beside them
    stays. The archive may be packed with gzip, xz or bzip2. One with names that lead out of the directory, or with
    devices, is refused as a whole.
    """

    path: Annotated[str, Meta(description="Absolute path of the directory.", examples=["/srv/www"])]
    source: Annotated[
        str,
        Meta(
            description="URL the tar archive is fetched from (http, https or tftp), or that holds it (data).",
            examples=["https://files.example/site.tar.gz"],
        ),
    ]
    sha256: Annotated[str | None, Meta(description="SHA-256 of the archive as it is fetched, in hex.")] = None
    sha512: Annotated[str | None, Meta(description="SHA-512 of the archive as it is fetched, in hex.")] = None
    headers: Headers = None
    strip: Annotated[
        int,
        Meta(ge=0, le=64, description="Leading parts of names left out; what has no more is left out, too."),
    ] = 0
    user: Annotated[str | int, Meta(description="Owner of all of it, by name or id.")] = "root"
    group: Annotated[str | int, Meta(description="Group of all of it, by name or id.")] = "root"
    file_mode: Annotated[
        Mode | None,
        Meta(
            description="Permission bits of all files, in octal. Absent: as in the archive, without set-id bits."
        ),
    ] = None
    dir_mode: Annotated[
        Mode | None,
        Meta(
            description="Permission bits of all directories, in octal. Absent: as in the archive, and 0755 for what "
            "it does not list."
        ),
    ] = None


def check(trees: tuple[Tree, ...], place: Place) -> Iterator[Problem]:
    for index, tree in enumerate(trees):
        here = (*place, index)
        yield from check_path(tree.path, (*here, "path"))
        yield from check_mode(tree.file_mode, (*here, "file_mode"))
        yield from check_mode(tree.dir_mode, (*here, "dir_mode"))
        yield from check_owner(tree.user, (*here, "user"), "user")
        yield from check_owner(tree.group, (*here, "group"), "group")
        yield from check_fetched(tree, here)
        if is_data_url(tree.source) and not has_variable(tree.source):
            yield from _check_inline(tree, here)


def _check_inline(tree: Tree, place: Place) -> Iterator[Problem]:
    """An archive that is here already has its faults found here already."""
    from provision.archive import read_archive, tree_of

    try:
        archive = decode_data_url(tree.source)
    except ValueError as problem:
        yield structs.replace(error("url", (*place, "source"), str(problem)), sensitive=True)
        return
    yield from check_inline_digest(tree, archive, place)
    try:
        tree_of(read_archive(archive), tree.strip)
    except ValueError as problem:
        yield structs.replace(error("archive", (*place, "source"), str(problem)), sensitive=True)


def claims(trees: tuple[Tree, ...], place: Place) -> Iterator[Claim]:
    for index, tree in enumerate(trees):
        yield Claim(tree.path, (*place, index, "path"), "directory")


def plan(trees: tuple[Tree, ...], _facts: Facts) -> Iterator[Step]:
    for index, tree in enumerate(trees):
        source = tree.source
        action = UnpackTree(
            tree.path,
            decode_data_url(source) if is_data_url(source) else remote_of(tree, source),
            strip=tree.strip,
            user=owner(tree.user),
            group=owner(tree.group),
            file_mode=None if tree.file_mode is None else parse_mode(tree.file_mode),
            dir_mode=None if tree.dir_mode is None else parse_mode(tree.dir_mode),
        )
        yield Step(action, path_text(("trees", index, "source")))
