"""`storage.trees`: directories beside the config, embedded with all that is in them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.draft import Draft, Entry
from provision.formats.ignition.owner import Owner, put_owner
from provision.formats.ignition.resource import put_data
from provision.formats.spelling import since
from provision.resolve import Listed


class Tree(Struct, frozen=True, kw_only=True):
    local: str
    path: str = "/"
    user: Annotated[Owner | None, since("3.6.0", sugar=True)] = None
    group: Annotated[Owner | None, since("3.6.0", sugar=True)] = None
    file_mode: Annotated[int | None, since("3.6.0", sugar=True)] = None
    dir_mode: Annotated[int | None, since("3.6.0", sugar=True)] = None


class Explicit(Struct, frozen=True):
    """A file or link that the config has by itself. `is_open`: it does not say what is in it, or where it leads."""

    kind: str
    entry: Entry
    is_open: bool


def translate_tree(tree: Tree, place: Place, explicit: Mapping[str, Explicit], draft: Draft) -> None:
    for listed in draft.listing(tree.local, (*place, "local")):
        path = posixpath.join(tree.path, listed.name)
        if listed.kind == "directory":
            _put_directory(tree, path, place, draft)
            continue
        other = explicit.get(path)
        if other is None:
            _put_new(tree, listed, path, place, draft)
        elif other.kind == listed.kind and other.is_open:
            _fill(other.entry, listed, place)
            if listed.kind == "file":
                other.entry.put("overwrite", "own", place)
        else:
            message = f"{path!r} of this tree is said to be something else already"
            draft.report(
                error("tree-conflict", (*place, "local"), message, "remove what it says, or the file")
            )


def _put_directory(tree: Tree, path: str, place: Place, draft: Draft) -> None:
    """Only when something is said about it: whatever is written below makes it all the same."""
    if tree.dir_mode is None and tree.user is None and tree.group is None:
        return
    made = draft.root.item("directories", place)
    made.put("path", path, (*place, "path"))
    if tree.dir_mode is not None:
        made.put("mode", f"{tree.dir_mode:04o}", (*place, "dir_mode"))
    put_owner(tree, made, place, draft)


def _put_new(tree: Tree, listed: Listed, path: str, place: Place, draft: Draft) -> None:
    made = draft.root.item("files" if listed.kind == "file" else "links", place)
    made.put("path", path, (*place, "path"))
    _fill(made, listed, place)
    made.put("overwrite", "own", place)
    if listed.kind == "file":
        mode = tree.file_mode or (0o755 if listed.executable else 0o644)
        made.put("mode", f"{mode:04o}", (*place, "file_mode"))
        put_owner(tree, made, place, draft)


def _fill(made: Entry, listed: Listed, place: Place) -> None:
    if listed.kind == "link":
        made.put("target", listed.target, (*place, "local"))
    else:
        put_data(listed.data, made, (*place, "local"))
