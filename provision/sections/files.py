"""Section `files`: files with their content, mode and owner."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import RemoteContent, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.names import check_owner, owner
from provision.sections.places import Mode, check_mode, check_path, parse_mode
from provision.sections.urls import check_url
from provision.variables import has_variable


class File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file. Exactly one of `content`, `content_base64` and `source` says what is in it."""

    path: Annotated[str, Meta(description="Absolute path.", examples=["/etc/motd"])]
    content: Annotated[str | None, Meta(description="Text content.")] = None
    content_base64: Annotated[str | None, Meta(description="Content in base64, for what is no text.")] = None
    source: Annotated[
        str | None,
        Meta(
            description="URL (http or https) the content is fetched from.",
            examples=["https://files.example/app"],
        ),
    ] = None
    sha256: Annotated[str | None, Meta(description="SHA-256 of what `source` gives, in hex.")] = None
    sha512: Annotated[str | None, Meta(description="SHA-512 of what `source` gives, in hex.")] = None
    mode: Mode = "0644"
    user: Annotated[str | int, Meta(description="Owner, by name or id.")] = "root"
    group: Annotated[str | int, Meta(description="Group, by name or id.")] = "root"


def check(files: tuple[File, ...], place: Place) -> Iterator[Problem]:
    for index, file in enumerate(files):
        yield from _check_file(file, (*place, index))


def _check_file(file: File, place: Place) -> Iterator[Problem]:
    yield from check_path(file.path, (*place, "path"))
    yield from check_mode(file.mode, (*place, "mode"))
    yield from check_owner(file.user, (*place, "user"), "user")
    yield from check_owner(file.group, (*place, "group"), "group")
    yield from _check_one_content(file, place)
    if file.content_base64 is not None:
        yield from _check_base64(file.content_base64, (*place, "content_base64"))
    if file.source is not None:
        yield from _check_source(file, file.source, (*place, "source"))
    yield from _check_digests(file, place)


def _check_one_content(file: File, place: Place) -> Iterator[Problem]:
    names = ("content", "content_base64", "source")
    given = [name for name in names if getattr(file, name) is not None]
    if not given:
        hint = 'write `content: ""` for an empty file'
        yield error("file-no-content", place, "one of content, content_base64 or source is needed", hint)
    elif len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        yield replace(error("file-content-twice", (*place, given[1]), message), at_key=True)


def _check_base64(text: str, place: Place) -> Iterator[Problem]:
    try:
        _decode(text)
    except ValueError as problem:  # also for characters that are not ASCII
        message = f"no base64: {str(problem).lower()}"
        yield replace(error("base64", place, message), sensitive=True)


def _decode(text: str) -> bytes:
    """Line breaks and spaces are fine: `base64` wraps its output."""
    return base64.b64decode("".join(text.split()), validate=True)


def _check_source(file: File, source: str, place: Place) -> Iterator[Problem]:
    problems = list(check_url(source, place, schemes=("http", "https")))
    yield from problems
    unverified = file.sha256 is None and file.sha512 is None
    if not problems and source.lower().startswith("http:") and unverified:
        hint = "add sha256: the digest in hex, as `sha256sum` prints it"
        yield warning("source-unverified", place, "anyone on the network can change what http delivers", hint)


def _check_digests(file: File, place: Place) -> Iterator[Problem]:
    for name, digits in (("sha256", 64), ("sha512", 128)):
        digest = getattr(file, name)
        if digest is None:
            continue
        if file.source is None:
            problem = error("digest-without-source", (*place, name), f"{name} without a source to verify")
            yield replace(problem, at_key=True)
        if not has_variable(digest) and not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", digest):
            message = f"a {name} has {digits} hexadecimal digits, this has {len(digest)} characters"
            yield error("digest", (*place, name), message)
    if file.sha256 is not None and file.sha512 is not None:
        problem = error("digest-twice", (*place, "sha512"), "sha256 and sha512 exclude each other")
        yield replace(problem, at_key=True)


def plan(files: tuple[File, ...], _facts: Facts) -> Iterator[Step]:
    for index, file in enumerate(files):
        mode = parse_mode(file.mode)
        action = WriteFile(
            file.path,
            _content(file),
            mode=mode,
            user=owner(file.user),
            group=owner(file.group),
            secret=not mode & 0o004,  # what others must not read on disk must not be read in a log either
        )
        # A source can fail by itself, long before the file is written: its own path says more.
        yield Step(action, path_text(("files", index, "source") if file.source else ("files", index)))


def _content(file: File) -> bytes | RemoteContent:
    if file.source is not None:
        algorithm = "sha512" if file.sha512 else "sha256" if file.sha256 else None
        digest = file.sha512 or file.sha256
        return RemoteContent(file.source, algorithm, digest.lower() if digest else None)
    if file.content_base64 is not None:
        return _decode(file.content_base64)
    return (file.content or "").encode()
