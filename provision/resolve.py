"""Where included configs come from. Nothing is looked at before a config includes something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from provision.urls import shown_url

if TYPE_CHECKING:
    from provision.sections.include import Include


FETCH_DEADLINE_S = 30.0  # a person waits for it


class Included(Struct, frozen=True):
    """A config that another one includes. `file` is the name findings show, `identity` the same by any name."""

    file: str
    identity: str
    data: bytes


class Listed(Struct, frozen=True):
    """A directory, file or link below a listed directory, whose `name` is the path from there."""

    kind: str
    name: str
    data: bytes = b""
    executable: bool = False
    target: str = ""


class CannotInclude(Exception):
    """Why this include gives nothing."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Resolver(Protocol):
    """How a caller of load lets a config include others."""

    def identity(self, file: str) -> str:
        """What tells that the file itself is included again."""
        ...

    def read(self, include: Include, including: str) -> Included | None:
        """None when the caller does not want to look; CannotInclude when it cannot."""
        ...

    def listing(self, directory: str, including: str) -> tuple[Listed, ...]:
        """All that is below a directory beside the including file, with the contents; CannotInclude as above."""
        ...


class Includes(Struct, frozen=True):
    """Files beside the including file, and URLs when there is a `fetch` (SourceError when it fails).

    `directory` is where names of files begin. A config from elsewhere includes no file of this machine.
    """

    directory: str = ""
    fetch: Callable[[str], bytes] | None = None
    reads_files: bool = True

    def identity(self, file: str) -> str:
        import os

        return os.path.realpath(os.path.join(self.directory, file)) if self.reads_files else file  # noqa: PTH118

    def read(self, include: Include, including: str) -> Included | None:
        if include.url is not None:
            return None if self.fetch is None else _fetched(include.url, include.sha256, self.fetch)
        name = self._beside(include.file or "", including)
        return Included(name, self.identity(name), _file_content(self.directory, name))

    def listing(self, directory: str, including: str) -> tuple[Listed, ...]:
        from provision.listing import list_below

        return list_below(self.directory, self._beside(directory, including))

    def _beside(self, file: str, including: str) -> str:
        if not self.reads_files or "://" in including:
            hint = "write url and sha256"
            raise CannotInclude("include-file", "a config from elsewhere includes no files", hint)
        import posixpath

        return posixpath.join(posixpath.dirname(including), file)


def _fetched(url: str, sha256: str | None, fetch: Callable[[str], bytes]) -> Included:
    """Native includes have a digest, always; others verify it themselves, or have one when somebody wrote it."""
    from provision.errors import SourceError
    from provision.fetch.digest import verify

    try:
        data = fetch(url)
        if sha256 is not None:
            verify(data, "sha256", sha256)
    except SourceError as failure:
        raise CannotInclude("include-source", failure.message, failure.hint) from failure
    return Included(shown_url(url), url, data)


def _file_content(directory: str, name: str) -> bytes:
    from pathlib import Path

    from provision.formats.source import MAX_CONFIG_BYTES

    path = Path(directory) / name
    try:
        if path.exists() and not path.is_file():
            raise CannotInclude("include-unreadable", f"{name!r} is no regular file")
        with path.open("rb") as stream:
            return stream.read(MAX_CONFIG_BYTES + 1)
    except OSError as failure:
        reason = failure.strerror or type(failure).__name__
        raise CannotInclude("include-unreadable", f"cannot read {name!r}: {reason}") from failure


def fetch_config(url: str) -> bytes:
    """A config from the network, for those who may use it."""
    from provision.fetch.http import fetch
    from provision.formats.source import MAX_CONFIG_BYTES

    return fetch(url, deadline_s=FETCH_DEADLINE_S, size_limit_bytes=MAX_CONFIG_BYTES)
