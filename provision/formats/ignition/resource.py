"""Where the contents of something are: a URL, with what verifies and unpacks it, or the contents themselves."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import RemoteContent
from provision.findings import Place, error
from provision.formats.draft import Draft, Entry
from provision.formats.spelling import since
from provision.sections.data_url import is_data_url
from provision.sections.hidden import HiddenText
from provision.sections.include import check_address

HASH = re.compile(r"(sha256|sha512)-([0-9a-fA-F]+)")


class Verification(Struct, frozen=True, kw_only=True):
    hash: str | None = None


class HttpHeader(Struct, frozen=True, kw_only=True):
    name: str
    value: Annotated[HiddenText | None, Meta(extra={"secret": True})] = None


class Resource(Struct, frozen=True, kw_only=True):
    """One of `source`, `inline` and `local`. `source` may be empty, which means an empty text."""

    source: str | None = None
    inline: Annotated[str | None, since("3.0.0", sugar=True)] = None
    local: Annotated[str | None, since("3.1.0", sugar=True)] = None
    compression: str | None = None
    http_headers: Annotated[tuple[HttpHeader, ...], since("3.1.0")] = ()
    verification: Verification | None = None

    @property
    def says_nothing(self) -> bool:
        return self.source is self.inline is self.local is None


def translate_contents(contents: Resource, file: Entry, place: Place, draft: Draft) -> None:
    """Into the fields of a file that say what is in it."""
    field = _field(contents, place, draft)
    data = _embedded(contents, place, draft)
    if data is None and contents.source:
        file.put("source", contents.source, (*place, field))
    elif data is None:
        file.put("content", "", (*place, field))
    elif contents.compression or contents.verification is not None:
        file.put("source", data_url(data), (*place, field))
    else:
        put_data(data, file, (*place, field))
    translate_fetching(contents, file, place, draft)


def translate_piece(piece: Resource, entry: Entry, place: Place, draft: Draft) -> None:
    """Into an item of `files[].append`, which is a mapping."""
    field = _field(piece, place, draft)
    data = _embedded(piece, place, draft)
    if data is None:
        entry.put("source", piece.source or "data:,", (*place, field))
    else:
        entry.put("source", data_url(data), (*place, field))
    translate_fetching(piece, entry, place, draft)


def translate_fetching(resource: Resource, made: Entry, place: Place, draft: Draft) -> None:
    if _is_packed(resource, place, draft):
        made.put("compression", resource.compression, (*place, "compression"))
    digest = _digest(resource, place, draft)
    if digest is not None:
        made.put(*digest, (*place, "verification", "hash"))
    seen: set[str] = set()
    for index, header in enumerate(resource.http_headers):
        here: Place = (*place, "http_headers", index)
        if header.name.lower() in seen:
            draft.report(error("header", (*here, "name"), "the same header twice"))
        seen.add(header.name.lower())
        if header.value is None:
            draft.report(
                error("header", here, "headers of other configs are not taken away", "write a value")
            )
            continue
        headers = made.entry("headers", (*place, "http_headers"))
        headers.put(header.name, header.value.reveal(), (*here, "value"))


def remote_of(resource: Resource, place: Place, draft: Draft) -> RemoteContent | None:
    """What is not for a file: a config. What stands in this one is at a `data:` URL. None when it cannot be fetched."""
    data = _embedded(resource, place, draft)
    _field(resource, place, draft)
    url = (resource.source or "") if data is None else data_url(data)
    problems = [] if is_data_url(url) else [*check_address(url, (*place, "source"))]
    for problem in problems:
        draft.report(problem)
    compression = "gzip" if _is_packed(resource, place, draft) else None
    algorithm, digest = _digest(resource, place, draft) or (None, None)
    return None if problems else RemoteContent(url, algorithm, digest, compression)


def put_data(data: bytes, file: Entry, place: Place) -> None:
    try:
        file.put("content", data.decode(), place)
    except UnicodeDecodeError:
        file.put("content_base64", b64encode(data).decode(), place)


def data_url(data: bytes) -> str:
    return f"data:;base64,{b64encode(data).decode()}"


def _field(resource: Resource, place: Place, draft: Draft) -> str:
    """Which one says what it is."""
    given = [name for name in ("source", "inline", "local") if getattr(resource, name) is not None]
    if len(given) > 1:
        message = f"{' and '.join(given)} exclude each other"
        draft.report(error("contents-twice", (*place, given[1]), message, "keep one of them"))
    return given[0] if given else "source"


def _embedded(resource: Resource, place: Place, draft: Draft) -> bytes | None:
    """None for what stands behind a URL."""
    if resource.inline is not None:
        return resource.inline.encode()
    if resource.local is not None:
        found = draft.local(resource.local, (*place, "local"))
        return b"" if found is None else found
    return None


def _is_packed(resource: Resource, place: Place, draft: Draft) -> bool:
    if resource.compression not in (None, "", "gzip"):
        message = f"{resource.compression!r} is no compression that is read"
        draft.report(error("compression", (*place, "compression"), message, "write gzip, or remove it"))
        return False
    return resource.compression == "gzip"


def _digest(resource: Resource, place: Place, draft: Draft) -> tuple[str, str] | None:
    text = resource.verification.hash if resource.verification is not None else None
    match = HASH.fullmatch(text) if text is not None else None
    if text is not None and match is None:
        hint = "write sha256- or sha512- and the digest in hex"
        draft.report(error("digest", (*place, "verification", "hash"), f"{text!r} is no digest", hint))
    return (match[1], match[2]) if match else None
