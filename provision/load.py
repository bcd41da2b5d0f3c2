"""Bytes of any supported format to a Document, or findings that say why not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from provision.actions import Origin
from provision.document import Document
from provision.findings import FileReport, Finding, Problem, has_errors, place_of
from provision.formats import format_of, native
from provision.formats.locate import Layout, Problems, located, moved
from provision.formats.source import MAX_CONFIG_BYTES
from provision.resolve import Includes, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provision.formats.parts import Instance


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

    def with_problems(self, found: tuple[Problem, ...]) -> Loaded:
        """With what somebody else found wrong with the document, each at its place."""
        if self.layout is None:  # no text, so there is no document either
            return self
        layout = self.layout.with_whole(moved(found, self.layout.moves_lines))
        findings = located(layout)
        document = None if has_errors(findings) else self.document
        return structs.replace(self, document=document, findings=findings, layout=layout)

    def found(self, problems: tuple[Problem, ...]) -> tuple[Finding, ...]:
        """Where these, which are no fault of the config, are written."""
        if self.layout is None:
            return ()
        return located(structs.replace(self.layout, problems=Problems()).with_whole(problems))

    def origin(self, path: str) -> Origin | None:
        """The line, of this file or of one that it includes, behind a config path such as `users[0].name`."""
        return self.layout.origin_of(place_of(path)) if self.layout else None


def load_bytes(
    data: bytes,
    *,
    file: str,
    resolver: Resolver | None = None,
    instance: Callable[[], Instance] | None = dict,
) -> Loaded:
    """Never raises, whatever the bytes. `file` is the name that findings show.

    Without a resolver (`provision.resolve.Includes` is one), a config that includes others is refused. `instance` is
    asked when a template needs to know the machine; with None, templates are not filled in, and not looked into.
    """
    chosen = format_of(data)
    if chosen.front_end is None and chosen.container is None:
        document, findings, layout = native.load(data, file, resolver)
    else:
        from provision.formats import compose

        document, findings, layout = compose.load(data, file, resolver, instance=instance)
    return Loaded(file, chosen.name, document, findings, layout)


def read_config(file: str) -> bytes:
    """A file, or - for standard input. OSError when it cannot be read.

    At most one byte more than a config may have: enough to refuse it, also from an endless device.
    """
    if file == "-":
        return sys.stdin.buffer.read(MAX_CONFIG_BYTES + 1)
    with open(file, "rb") as stream:  # noqa: PTH123 - importing pathlib takes longer than the check
        return stream.read(MAX_CONFIG_BYTES + 1)


def shown_name(file: str) -> str:
    """Of what `read_config` reads, as text that can be printed: Python keeps other bytes as lone surrogates."""
    return "<stdin>" if file == "-" else os.fsencode(file).decode("utf-8", "replace")


def load_file(path: Path, *, resolver: Resolver | None = None) -> Loaded:
    """A config and the files it includes; URLs only with another resolver. OSError when it cannot be read."""
    return load_bytes(read_config(str(path)), file=str(path), resolver=resolver or Includes())
