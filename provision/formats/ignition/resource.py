"""Where the contents of something are: a URL, with what verifies and unpacks it."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from provision.findings import Place, error
from provision.formats.draft import Draft, Entry
from provision.sections.hidden import HiddenText

HASH = re.compile(r"(sha256|sha512)-([0-9a-fA-F]+)")


class Verification(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    hash: str | None = None


class HttpHeader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    value: Annotated[HiddenText, Meta(extra={"secret": True})]


class Resource(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    """`source` may be empty, which means an empty text."""

    source: str | None = None
    compression: str | None = None
    http_headers: tuple[HttpHeader, ...] = ()
    verification: Verification | None = None


def translate_contents(contents: Resource, file: Entry, place: Place, draft: Draft) -> None:
    """Into the fields of a file that say what is in it."""
    if contents.source:
        file.put("source", contents.source, (*place, "source"))
    else:
        file.put("content", "", (*place, "source"))
    if contents.compression not in (None, "", "gzip"):
        message = f"{contents.compression!r} is no compression that is read"
        draft.report(error("compression", (*place, "compression"), message, "write gzip, or remove it"))
    elif contents.compression:
        file.put("compression", contents.compression, (*place, "compression"))
    if contents.verification is not None and contents.verification.hash is not None:
        _translate_hash(contents.verification.hash, file, (*place, "verification", "hash"), draft)
    seen: set[str] = set()
    for index, header in enumerate(contents.http_headers):
        here: Place = (*place, "httpHeaders", index)
        if header.name.lower() in seen:
            draft.report(error("header", (*here, "name"), "the same header twice"))
        seen.add(header.name.lower())
        headers = file.entry("headers", (*place, "httpHeaders"))
        headers.put(header.name, header.value.reveal(), (*here, "value"))


def _translate_hash(text: str, file: Entry, place: Place, draft: Draft) -> None:
    match = HASH.fullmatch(text)
    if match is None:
        hint = "write sha256- or sha512- and the digest in hex"
        draft.report(error("digest", place, f"{text!r} is no digest", hint))
    else:
        file.put(match[1], match[2], place)
