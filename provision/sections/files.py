"""Section `files`: files with their content, mode and owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from provision.actions import Action, AppendText, RemovePath, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.absent import check_absent
from provision.sections.appended import Appended, bytes_of, check_append
from provision.sections.claims import Claim
from provision.sections.file_contents import Headers, Sha256, Sha512, check_contents, contents_of
from provision.sections.names import check_owner, owner
from provision.sections.places import Mode, check_mode, check_path, parse_mode


class File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file. One of `content`, `content_base64` and `source` says what is in it; or `append` does, also after it."""

    path: Annotated[str, Meta(description="Absolute path.", examples=["/etc/motd"])]
    content: Annotated[str | None, Meta(description="Text content.")] = None
    content_base64: Annotated[str | None, Meta(description="Content in base64, for what is no text.")] = None
    source: Annotated[
        str | None,
        Meta(
            description="URL the content is fetched from (http, https or tftp), or that holds it (data).",
            examples=["https://files.example/app"],
        ),
    ] = None
    sha256: Sha256 = None
    sha512: Sha512 = None
    compression: Annotated[
        Literal["gzip"] | None,
        Meta(
            description="How `source` or `content_base64` is packed; the file and its digest are the unpacked ones."
        ),
    ] = None
    headers: Headers = None
    append: Annotated[
        tuple[str | Appended, ...] | None,
        Meta(
            description="Texts, and content from elsewhere. After `content`, `content_base64` or `source`: the rest of "
            "the file. Without them: added at the end of the file that is there, each unless the file has it already, "
            "as whole lines. What else is in it then stays; what was added, too, when it is no longer asked for.",
            examples=[["export EDITOR=vi"]],
        ),
    ] = None
    mode: Annotated[
        Mode | None,
        Meta(
            description="Permission bits in octal. Absent: 0644; with `append`, those of the file that is there."
        ),
    ] = None
    user: Annotated[
        str | int | None,
        Meta(
            description="Owner, by name or id. Absent: root; with `append`, that of the file that is there."
        ),
    ] = None
    group: Annotated[
        str | int | None,
        Meta(
            description="Group, by name or id. Absent: root; with `append`, that of the file that is there."
        ),
    ] = None
    overwrite: Annotated[
        bool | Literal["own"],
        Meta(
            description="False: a file that is there already stays as it is, whoever made it and whatever is in it. "
            "own: only what provision made is replaced; anything else there that is not as asked for is an error.",
            examples=["own"],
        ),
    ] = True
    absent: Annotated[
        bool, Meta(description="No file or link shall be there, whoever made it. Never with other fields.")
    ] = False


def check(files: tuple[File, ...], place: Place) -> Iterator[Problem]:
    for index, file in enumerate(files):
        here = (*place, index)
        yield from check_path(file.path, (*here, "path"))
        if file.absent:
            yield from check_absent(file, here, beside=("path",))
        else:
            yield from _check_file(file, here)


def _check_file(file: File, place: Place) -> Iterator[Problem]:
    yield from check_mode(file.mode, (*place, "mode"))
    if file.user is not None:
        yield from check_owner(file.user, (*place, "user"), "user")
    if file.group is not None:
        yield from check_owner(file.group, (*place, "group"), "group")
    yield from _check_one_content(file, place)
    yield from check_contents(file, place)
    if file.append is not None:
        yield from check_append(file.append, (*place, "append"))
        yield from _check_kept(file, place)


def _check_one_content(file: File, place: Place) -> Iterator[Problem]:
    names = ("content", "content_base64", "source")
    given = [name for name in names if getattr(file, name) is not None]
    if not given and file.append is None:
        hint = 'write `content: ""` for an empty file'
        yield error(
            "file-no-content", place, "one of content, content_base64, source or append is needed", hint
        )
    elif len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        yield structs.replace(error("file-content-twice", (*place, given[1]), message), at_key=True)


def _check_kept(file: File, place: Place) -> Iterator[Problem]:
    if file.overwrite is not True and not _has_content(file):
        message = "append keeps what is in the file anyway"
        yield structs.replace(error("append-overwrite", (*place, "overwrite"), message), at_key=True)


def _has_content(file: File) -> bool:
    """Otherwise it is for others to say what is in it, and only added to."""
    return any(part is not None for part in (file.content, file.content_base64, file.source))


def claims(files: tuple[File, ...], place: Place) -> Iterator[Claim]:
    for index, file in enumerate(files):
        here = (*place, index, "path")
        yield Claim(file.path, here, "absent" if file.absent else "file")


def plan(files: tuple[File, ...], _facts: Facts) -> Iterator[Step]:
    for index, file in enumerate(files):
        # A source can fail by itself, long before the file is written: its own path says more.
        yield Step(_action(file), path_text(("files", index, "source") if file.source else ("files", index)))


def _action(file: File) -> Action:
    if file.absent:
        return RemovePath(file.path)
    mode = None if file.mode is None else parse_mode(file.mode)
    user = None if file.user is None else owner(file.user)
    group = None if file.group is None else owner(file.group)
    pieces = tuple(bytes_of(piece) for piece in file.append or ())
    if not _has_content(file):
        return AppendText(file.path, pieces, mode=mode, user=user, group=group)
    mode = 0o644 if mode is None else mode
    return WriteFile(
        file.path,
        contents_of(file),
        mode=mode,
        user="root" if user is None else user,
        group="root" if group is None else group,
        secret=not mode & 0o004,  # what others must not read on disk must not be read in a log either
        overwrite=file.overwrite,
        rest=pieces,
    )
