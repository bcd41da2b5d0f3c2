"""`storage`: files, directories and links."""

from __future__ import annotations

import re
from typing import Annotated, Any  # Any: what is not carried out is not looked at

from msgspec import Struct

from provision.findings import Place, Severity, error, warning
from provision.formats.draft import Draft, Entry
from provision.formats.front_end import not_carried
from provision.formats.ignition.owner import Owner, put_owner
from provision.formats.ignition.resource import Resource, translate_contents, translate_piece
from provision.formats.ignition.trees import Explicit, Tree, translate_tree
from provision.formats.spelling import since

MAX_MODE = 0o7777
SPECIAL_BITS = 0o7000
REPLACED = not_carried(Severity.ERROR, "a directory is not emptied, nor put in the place of something else")


class File(Struct, frozen=True, kw_only=True):
    path: str
    overwrite: bool = False
    contents: Resource | None = None
    append: tuple[Resource, ...] = ()
    mode: int | None = None
    user: Owner | None = None
    group: Owner | None = None


class Directory(Struct, frozen=True, kw_only=True):
    path: str
    overwrite: Annotated[bool, REPLACED] = False
    mode: int | None = None
    user: Owner | None = None
    group: Owner | None = None


class Link(Struct, frozen=True, kw_only=True):
    path: str
    target: str | None = None
    hard: bool = False
    overwrite: bool = False
    user: Owner | None = None
    group: Owner | None = None


class Storage(Struct, frozen=True, kw_only=True):
    disks: Annotated[Any, not_carried(Severity.ERROR, "disks are not partitioned")] = None
    raid: Annotated[Any, not_carried(Severity.ERROR, "no arrays are made")] = None
    luks: Annotated[Any, not_carried(Severity.ERROR, "nothing is encrypted", since="3.2.0")] = None
    filesystems: Annotated[Any, not_carried(Severity.ERROR, "no file systems are made or mounted")] = None
    files: tuple[File, ...] = ()
    directories: tuple[Directory, ...] = ()
    links: tuple[Link, ...] = ()
    trees: Annotated[tuple[Tree, ...], since("3.1.0", sugar=True)] = ()


def translate_storage(storage: Storage, draft: Draft, *, special_bits: bool) -> None:
    """`special_bits`: the version of the config has modes with set-id and sticky bits."""
    access = _Access(draft, special_bits)
    explicit: dict[str, Explicit] = {}
    for index, file in enumerate(storage.files):
        place: Place = ("storage", "files", index)
        made = _translate_file(file, place, draft)
        access.put(file, made, place)
        is_open = file.contents is None or file.contents.says_nothing
        explicit[file.path] = Explicit("file", made, is_open)
    for index, directory in enumerate(storage.directories):
        place = ("storage", "directories", index)
        made = draft.root.item("directories", place)
        made.put("path", directory.path, (*place, "path"))
        access.put(directory, made, place)
        explicit[directory.path] = Explicit("directory", made, is_open=False)
    for index, link in enumerate(storage.links):
        place = ("storage", "links", index)
        made = draft.root.item("links", place)
        made.put("path", link.path, (*place, "path"))
        made.put("target", link.target, (*place, "target"))
        made.put("hard", link.hard, (*place, "hard"))
        _put_overwrite(link, made, place)
        if not link.hard:
            put_owner(link, made, place, draft)
        elif link.user is not None or link.group is not None:
            message = "a hard link is owned by who owns the file: this owner is not looked at"
            draft.report(warning("link-owner", place, message))
        explicit[link.path] = Explicit("link", made, is_open=link.target is None and not link.hard)
    for index, tree in enumerate(storage.trees):
        translate_tree(tree, ("storage", "trees", index), explicit, draft)


def _translate_file(file: File, place: Place, draft: Draft) -> Entry:
    made = draft.root.item("files", place)
    made.put("path", file.path, (*place, "path"))
    if file.contents is not None and not file.contents.says_nothing:
        translate_contents(file.contents, made, (*place, "contents"), draft)
        _put_overwrite(file, made, place)
    elif file.overwrite:
        message = "there are no contents to overwrite the file with"
        draft.report(error("overwrite-without-contents", (*place, "overwrite"), message))
    elif file.contents is not None and file.contents.verification is not None:
        message = "there are no contents to verify"
        draft.report(error("digest-without-source", (*place, "contents", "verification"), message))
    if file.contents is None or file.contents.says_nothing:
        # Nothing is said about what is in it: an empty file when there is none, else what is there.
        made.put("append", [], (*place, "append"))
    for index, piece in enumerate(file.append):
        here: Place = (*place, "append", index)
        translate_piece(piece, made.item("append", here), here, draft)
    return made


def _put_overwrite(node: File | Link, made: Entry, place: Place) -> None:
    made.put("overwrite", True if node.overwrite else "own", (*place, "overwrite"))


class _Access:
    def __init__(self, draft: Draft, special_bits: bool) -> None:
        self._draft = draft
        self._special_bits = special_bits

    def put(self, node: File | Directory, made: Entry, place: Place) -> None:
        if node.mode is not None:
            self._put_mode(node.mode, made, (*place, "mode"))
        put_owner(node, made, place, self._draft)

    def _put_mode(self, mode: int, made: Entry, place: Place) -> None:
        if not 0 <= mode <= MAX_MODE:
            hint = f"the largest is {MAX_MODE}, {MAX_MODE:05o} in octal"
            self._draft.report(
                error("out-of-range", place, f"{mode} is no mode: it is {mode:o} in octal", hint)
            )
            return
        if re.fullmatch(r"[0-7]{3,4}", str(mode)) and mode > 0o777 and not _is_usual(mode):
            hint = f"write {int(str(mode), 8)} for 0{mode}"
            message = f"{mode} is decimal, and {mode:04o} in octal"
            self._draft.report(warning("mode-octal", place, message, hint))
        elif mode & SPECIAL_BITS and not self._special_bits:
            message = f"this version sets no set-id or sticky bits: {mode:04o} becomes {mode & 0o777:04o}"
            self._draft.report(warning("mode-special-bits", place, message))
        made.put("mode", f"{mode if self._special_bits else mode & 0o777:04o}", place)


def _is_usual(mode: int) -> bool:
    """Nobody else may do what the owner may not: 1023 is 01777, and no 1023 that was meant to be octal."""
    owner, group, others = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    return owner | group == owner and group | others == group
