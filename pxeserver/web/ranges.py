"""What to answer when a file is asked for: request in, status, headers and byte range out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pxeserver.inventory.images import Asset

# UEFI HTTP boot takes these for programs and images it can start (UEFI specification, section 24.7).
_CONTENT_TYPES = {".efi": "application/efi", ".iso": "application/vnd.efi-iso"}
# The digest is in the path: what it names never changes.
_FOREVER = ("Cache-Control", "public, max-age=31536000, immutable")
_ASSET_PATH = re.compile(r"/assets/sha256/(?P<digest>[0-9a-f]{64})/(?P<name>[A-Za-z0-9._-]+)")
# Firmware and loaders join paths with too many slashes, and do not follow a redirect to the right one.
_SLASHES = re.compile("/+")
# One range (RFC 9110 section 14.1.2). Several at once get the whole file, as section 14.2 allows.
_RANGE = re.compile(r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*")


@dataclass(frozen=True, slots=True)
class FileReply:
    """`count` bytes of the asset from `offset` on; none of them when the method is HEAD."""

    status: int
    headers: tuple[tuple[str, str], ...]
    asset: Asset
    offset: int
    count: int
    has_body: bool

    @property
    def ends_file(self) -> bool:
        """Whether the last byte of the file is part of the answer."""
        return self.has_body and self.count > 0 and self.offset + self.count == self.asset.bytes


@dataclass(frozen=True, slots=True)
class TextReply:
    """A refusal, or "not modified"."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


def answer(
    method: str, target: str, headers: Mapping[str, str], find: Callable[[str], Asset | None]
) -> FileReply | TextReply:
    """The reply to a request; header names are in lower case."""
    if method not in {"GET", "HEAD"}:
        return TextReply(405, f"{method} is not possible here", (("Allow", "GET, HEAD"),))
    asset = _asset_of(target, find)
    if asset is None:
        return TextReply(404, "there is no such file")
    etag = f'"{asset.sha256}"'
    common = (("ETag", etag), ("Accept-Ranges", "bytes"), _FOREVER)
    if not _is_expected(headers.get("if-match"), etag):
        return TextReply(412, f"the file's tag is {etag}", common)
    # If-Unmodified-Since needs no look: a file that its URL names by digest is unmodified since ever.
    if _matches(headers.get("if-none-match"), etag):
        return TextReply(304, "", common)
    wanted = _wanted_range(method, headers, etag, asset.bytes)
    if wanted is None:
        return _file_reply(200, common, asset, (0, asset.bytes), method)
    offset, count = wanted
    if count == 0:
        return TextReply(416, "nothing in that range", (("Content-Range", f"bytes */{asset.bytes}"),))
    content_range = ("Content-Range", f"bytes {offset}-{offset + count - 1}/{asset.bytes}")
    return _file_reply(206, (*common, content_range), asset, wanted, method)


def _asset_of(target: str, find: Callable[[str], Asset | None]) -> Asset | None:
    match = _ASSET_PATH.fullmatch(_SLASHES.sub("/", _path_of(target)))
    if match is None:
        return None
    asset = find(match["digest"])
    return asset if asset is not None and asset.name == match["name"] else None


def _path_of(target: str) -> str:
    """The path of a request; the whole URL is what a proxy sends (RFC 9112 section 3.2.2)."""
    if target.startswith("/"):  # two slashes are no host here
        return target.partition("?")[0]
    try:
        return urlsplit(target).path
    except ValueError:
        return ""


def _file_reply(
    status: int, headers: tuple[tuple[str, str], ...], asset: Asset, wanted: tuple[int, int], method: str
) -> FileReply:
    offset, count = wanted
    content_type = _CONTENT_TYPES.get(PurePosixPath(asset.name).suffix, "application/octet-stream")
    length = (("Content-Type", content_type), ("Content-Length", str(count)))
    return FileReply(status, (*length, *headers), asset, offset, count, has_body=method == "GET")


def _wanted_range(method: str, headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """Offset and count; count 0: the range holds nothing of the file; None: the whole file is wanted."""
    match = _RANGE.fullmatch(headers.get("range", ""))
    if method != "GET" or match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match["first"], match["last"]
    if not first and not last:
        return None
    if not first:
        count = min(int(last), size)
        return size - count, count
    if last and int(last) < int(first):
        return None  # not a range at all (RFC 9110 section 14.1.1): as if it was not there
    offset = int(first)
    end = min(int(last) + 1 if last else size, size)
    return offset, max(0, end - offset)


def _is_expected(if_match: str | None, etag: str) -> bool:
    """Whether a download that goes on is of the same file. By strong comparison: W/ never matches (RFC 9110)."""
    return if_match is None or any(tag.strip() in {"*", etag} for tag in if_match.split(","))


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in {"*", etag} for tag in tags)
