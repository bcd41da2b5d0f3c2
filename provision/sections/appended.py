"""What `files[].append` adds: a text, or content from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from provision.actions import RemoteContent
from provision.findings import Place, Problem, error
from provision.sections.file_contents import Headers, Sha256, Sha512, check_contents, contents_of


class Appended(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Content that is added to a file. One of `content_base64` and `source` says what it is."""

    content_base64: Annotated[str | None, Meta(description="Content in base64, for what is no text.")] = None
    source: Annotated[
        str | None,
        Meta(
            description="URL the content is fetched from (http, https or tftp), or that holds it (data).",
            examples=["https://files.example/part"],
        ),
    ] = None
    sha256: Sha256 = None
    sha512: Sha512 = None
    compression: Annotated[
        Literal["gzip"] | None, Meta(description="How `source` or `content_base64` is packed.")
    ] = None
    headers: Headers = None

    @property
    def content(self) -> None:
        """A text is written as it stands, without a mapping around it."""


def check_append(pieces: tuple[str | Appended, ...], place: Place) -> Iterator[Problem]:
    for index, piece in enumerate(pieces):
        here = (*place, index)
        if isinstance(piece, str):
            if not piece.strip("\n"):
                yield error("append-empty", here, "there is nothing to append")
            continue
        if (piece.content_base64 is None) == (piece.source is None):
            hint = "write {source: URL}, or the text itself"
            yield error("append-content", here, "one of content_base64 and source is needed", hint)
            continue
        yield from check_contents(piece, here)


def bytes_of(piece: str | Appended) -> bytes | RemoteContent:
    """For a file that has no finding. A text is whole lines."""
    return f"{piece.rstrip(chr(10))}\n".encode() if isinstance(piece, str) else contents_of(piece)
