"""What is in a file, as `files` says it: inline, in base64, in a `data:` URL, or to be fetched."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Protocol

from msgspec import Meta, structs

from provision.actions import RemoteContent, Secret
from provision.compression import gunzip
from provision.findings import Place, Problem, error, warning
from provision.sections.data_url import decode_data_url, is_data_url
from provision.sections.hidden import HiddenText
from provision.sections.urls import check_url
from provision.variables import has_variable

# A config has at most 1 MiB, of which gzip can make 1 GiB; what people pack is seldom a tenth of its size.
MAX_INLINE_BYTES = 16 * 1024 * 1024
MAX_INLINE_RATIO = 100

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2, token
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]+")  # RFC 9110 5.5, without the obsolete bytes beyond ASCII
# These say how the message itself is sent, which is not the config's to say.
FRAMING_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding"})


Sha256 = Annotated[str | None, Meta(description="SHA-256 of what `source` gives, decompressed, in hex.")]
Sha512 = Annotated[str | None, Meta(description="SHA-512 of what `source` gives, decompressed, in hex.")]
Headers = Annotated[
    dict[str, HiddenText] | None,
    Meta(
        description="HTTP headers sent to get `source`, and to no other host. Secret.",
        extra={"secret": True},
    ),
]


class Fetched(Protocol):
    """The fields that say what is fetched from where."""

    @property
    def source(self) -> str | None: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def sha512(self) -> str | None: ...
    @property
    def headers(self) -> Mapping[str, HiddenText] | None: ...


class Contents(Fetched, Protocol):
    """The fields of a file that say what is in it."""

    @property
    def content(self) -> str | None: ...
    @property
    def content_base64(self) -> str | None: ...
    @property
    def compression(self) -> str | None: ...


def check_contents(file: Contents, place: Place) -> Iterator[Problem]:
    if file.content_base64 is not None:
        yield from _check_inline(file, "content_base64", place)
    if file.source is not None and is_data_url(file.source):
        yield from _check_inline(file, "source", place)
    yield from check_fetched(file, place)
    if file.compression is not None and file.source is None and file.content_base64 is None:
        message = "compression without content_base64 or source: text is written as it stands"
        problem = error("compression-without-bytes", (*place, "compression"), message)
        yield structs.replace(problem, at_key=True)


def check_fetched(file: Fetched, place: Place) -> Iterator[Problem]:
    if file.source is not None and not is_data_url(file.source):
        yield from _check_source(file, file.source, (*place, "source"))
    yield from _check_digests(file, place)
    yield from _check_headers(file, (*place, "headers"))


def contents_of(file: Contents) -> bytes | RemoteContent:
    """For a file that has no finding."""
    if file.content_base64 is not None or (file.source is not None and is_data_url(file.source)):
        return _inline(file)
    if file.source is None:
        return (file.content or "").encode()
    return remote_of(file, file.source, compression=file.compression)


def remote_of(file: Fetched, source: str, *, compression: str | None = None) -> RemoteContent:
    algorithm = "sha512" if file.sha512 else "sha256" if file.sha256 else None
    digest = file.sha512 or file.sha256
    return RemoteContent(
        source,
        algorithm,
        digest.lower() if digest else None,
        compression=compression,
        headers=tuple((name, Secret(value.reveal())) for name, value in (file.headers or {}).items()),
    )


def _inline(file: Contents) -> bytes:
    """Raises ValueError when it cannot be read."""
    if file.content_base64 is not None:
        try:
            # Line breaks and spaces are fine: `base64` wraps its output.
            content = base64.b64decode("".join(file.content_base64.split()), validate=True)
        except ValueError as problem:  # also for characters that are not ASCII
            raise ValueError(f"no base64: {str(problem).lower()}") from problem
    else:
        content = decode_data_url(file.source or "")
    if file.compression is None:
        return content
    return gunzip(content, limit_bytes=min(MAX_INLINE_BYTES, MAX_INLINE_RATIO * len(content)))


def _check_inline(file: Contents, field: str, place: Place) -> Iterator[Problem]:
    code = "base64" if field == "content_base64" else "url"
    try:
        content = _inline(file)
    except ValueError as problem:
        about_gzip = "gzip" in str(problem) or "unpacks" in str(problem)
        found = error("gzip" if about_gzip else code, (*place, field), str(problem))
        yield structs.replace(found, sensitive=True)
        return
    yield from check_inline_digest(file, content, place)


def check_inline_digest(file: Fetched, content: bytes, place: Place) -> Iterator[Problem]:
    import hashlib

    for name in ("sha256", "sha512"):
        wanted = getattr(file, name)
        if wanted is None or file.source is None or has_variable(wanted + file.source):
            continue
        have = hashlib.new(name, content).hexdigest()
        if have != wanted.lower():
            yield error("digest-mismatch", (*place, name), f"the content's {name} is {have}")


def _check_source(file: Fetched, source: str, place: Place) -> Iterator[Problem]:
    problems = list(check_url(source, place, schemes=("http", "https", "tftp")))
    yield from problems
    scheme = "" if problems else source.lower().partition("://")[0]
    if scheme in ("http", "tftp") and file.sha256 is None and file.sha512 is None:
        hint = "add sha256: the digest in hex, as `sha256sum` prints it"
        message = f"anyone on the network can change what {scheme} delivers"
        yield warning("source-unverified", place, message, hint)
    if scheme == "tftp" and not source.partition("://")[2].partition("/")[2] and not has_variable(source):
        yield error("url", place, "the URL names no file", "write tftp://host/path")
    if scheme == "tftp" and file.headers:
        problem = error("headers-without-http", (*place[:-1], "headers"), "tftp sends no headers")
        yield structs.replace(problem, at_key=True)
    if scheme == "http" and file.headers:
        message = "anyone on the network can read headers sent over http"
        yield warning("headers-in-clear", place, message, "write https")


def _check_digests(file: Fetched, place: Place) -> Iterator[Problem]:
    for name, digits in (("sha256", 64), ("sha512", 128)):
        digest = getattr(file, name)
        if digest is None:
            continue
        if file.source is None:
            problem = error("digest-without-source", (*place, name), f"{name} without a source to verify")
            yield structs.replace(problem, at_key=True)
        if not has_variable(digest) and not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", digest):
            message = f"a {name} has {digits} hexadecimal digits, this has {len(digest)} characters"
            yield error("digest", (*place, name), message)
    if file.sha256 is not None and file.sha512 is not None:
        problem = error("digest-twice", (*place, "sha512"), "sha256 and sha512 exclude each other")
        yield structs.replace(problem, at_key=True)


def _check_headers(file: Fetched, place: Place) -> Iterator[Problem]:
    if file.headers is None:
        return
    if file.source is None or is_data_url(file.source):
        problem = error("headers-without-source", place, "headers without a source that is fetched")
        yield structs.replace(problem, at_key=True)
    seen: set[str] = set()
    for name, value in file.headers.items():
        reason = _header_reason(name, value.reveal())
        if name.lower() in seen:
            reason = "the same header twice"
        seen.add(name.lower())
        if reason:
            yield structs.replace(error("header", (*place, name), reason), at_key=True, sensitive=True)


def _header_reason(name: str, value: str) -> str | None:
    if not HEADER_NAME.fullmatch(name):
        return f"{name!r} is no name of a header"
    if name.lower() in FRAMING_HEADERS:
        return f"{name} is set by whoever sends the request"
    if not HEADER_VALUE.fullmatch(value) or value != value.strip():
        return "a header's value is printable ASCII text without blanks around it"
    return None
