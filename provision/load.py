"""Bytes of any supported format to a Document, or findings that say why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from provision.actions import Origin
from provision.document import Document
from provision.findings import FileReport, Finding, Problem, place_of
from provision.formats import format_of, native
from provision.formats.locate import Layout
from provision.resolve import Includes, Resolver

if TYPE_CHECKING:
    from pathlib import Path


class Loaded(Struct, frozen=True):
    """`document` is None exactly when the findings hold an error. A valid one may still have warnings."""

    file: str
    format: str
    document: Document | None
    findings: tuple[Finding, ...]
    layout: Layout | None = None

    def __repr__(self) -> str:  # without the layout, which holds the file's text
        return f"Loaded({self.file!r}, {self.format!r}, valid={self.valid})"

    @property
    def valid(self) -> bool:
        return self.document is not None

    @property
    def report(self) -> FileReport:
        return FileReport(self.file, self.format, self.findings)

    def origin(self, path: str) -> Origin | None:
        """The line, of this file or of one that it includes, behind a config path such as `users[0].name`."""
        return self.layout.origin_of(place_of(path)) if self.layout else None


def load_bytes(
    data: bytes, *, file: str, resolver: Resolver | None = None, also: tuple[Problem, ...] = ()
) -> Loaded:
    """Never raises, whatever the bytes. `file` is the name that findings show.

    Without a resolver (`provision.resolve.Includes` is one), a config that includes others is refused. `also` are
    problems that somebody else found, to be shown at their place.
    """
    chosen = format_of(data)
    if chosen.front_end is None and chosen.container is None:
        document, findings, layout = native.load(data, file, resolver, also)
    else:
        from provision.formats import compose

        document, findings, layout = compose.load(data, file, resolver, also)
    return Loaded(file, chosen.name, document, findings, layout)


def load_file(path: Path, *, resolver: Resolver | None = None) -> Loaded:
    """A config and the files it includes; URLs only with another resolver. OSError when it cannot be read."""
    return load_bytes(path.read_bytes(), file=str(path), resolver=resolver or Includes())
