"""`storage`: files, directories and links."""

from __future__ import annotations

import re
from typing import Annotated, Any  # Any: what is not carried out is not looked at

from msgspec import Struct

from provision.findings import Place, Severity, error, warning
from provision.formats.draft import Draft, Entry
from provision.formats.front_end import not_carried
from provision.formats.ignition.resource import Resource, translate_contents

MAX_MODE = 0o7777
LINK_OWNER = not_carried(Severity.WARNING, "a link belongs to root; who owns it changes nothing")
REPLACED = not_carried(Severity.ERROR, "what is there is not removed to make place for it")


class Owner(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: int | None = None
    name: str | None = None


class File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    path: str
    overwrite: bool = False
    contents: Resource | None = None
    append: Annotated[tuple[Resource, ...], not_carried(Severity.ERROR, "nothing is appended")] = ()
    mode: int | None = None
    user: Owner | None = None
    group: Owner | None = None


class Directory(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    path: str
    overwrite: Annotated[bool, REPLACED] = False
    mode: int | None = None
    user: Owner | None = None
    group: Owner | None = None


class Link(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    path: str
    target: str | None = None
    hard: bool = False
    overwrite: Annotated[bool, REPLACED] = False
    user: Annotated[Owner | None, LINK_OWNER] = None
    group: Annotated[Owner | None, LINK_OWNER] = None


class Storage(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    disks: Annotated[Any, not_carried(Severity.ERROR, "disks are not partitioned")] = None
    raid: Annotated[Any, not_carried(Severity.ERROR, "no arrays are made")] = None
    luks: Annotated[Any, not_carried(Severity.ERROR, "nothing is encrypted")] = None
    filesystems: Annotated[Any, not_carried(Severity.ERROR, "no file systems are made")] = None
    files: tuple[File, ...] = ()
    directories: tuple[Directory, ...] = ()
    links: tuple[Link, ...] = ()


def translate_storage(storage: Storage, draft: Draft) -> None:
    for index, file in enumerate(storage.files):
        _translate_file(file, ("storage", "files", index), draft)
    for index, directory in enumerate(storage.directories):
        place: Place = ("storage", "directories", index)
        made = draft.root.item("directories", place)
        made.put("path", directory.path, (*place, "path"))
        _translate_access(directory, made, place, draft)
    for index, link in enumerate(storage.links):
        place = ("storage", "links", index)
        made = draft.root.item("links", place)
        made.put("path", link.path, (*place, "path"))
        made.put("target", link.target, (*place, "target"))
        made.put("hard", link.hard, (*place, "hard"))


def _translate_file(file: File, place: Place, draft: Draft) -> None:
    made = draft.root.item("files", place)
    made.put("path", file.path, (*place, "path"))
    if file.contents is None:
        # Nothing is said about what is in it: an empty file when there is none, else what is there.
        made.put("append", [], place)
        if file.overwrite:
            message = "there are no contents to overwrite the file with"
            draft.report(error("overwrite-without-contents", (*place, "overwrite"), message))
    else:
        translate_contents(file.contents, made, (*place, "contents"), draft)
        made.put("overwrite", file.overwrite, (*place, "overwrite"))
    _translate_access(file, made, place, draft)


def _translate_access(node: File | Directory, made: Entry, place: Place, draft: Draft) -> None:
    if node.mode is not None:
        _translate_mode(node.mode, made, (*place, "mode"), draft)
    for field, owner in (("user", node.user), ("group", node.group)):
        if owner is None:
            continue
        if owner.id is not None and owner.name is not None:
            message = "id and name exclude each other"
            draft.report(error("owner-twice", (*place, field), message, "remove one of the two"))
        name = "id" if owner.name is None else "name"
        made.put(field, owner.id if owner.name is None else owner.name, (*place, field, name))


def _translate_mode(mode: int, made: Entry, place: Place, draft: Draft) -> None:
    if not 0 <= mode <= MAX_MODE:
        hint = "a mode is decimal here: 420 is 0644"
        draft.report(error("out-of-range", place, f"{mode} is no mode: it is {mode:o} in octal", hint))
        return
    if re.fullmatch(r"[0-7]{3,4}", str(mode)) and mode > 0o777:
        hint = f"write {int(str(mode), 8)} for 0{mode}"
        draft.report(warning("mode-octal", place, f"{mode} is decimal, and {mode:04o} in octal", hint))
    made.put("mode", f"{mode:04o}", place)
