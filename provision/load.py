"""Bytes of any supported format to a Document, or findings that say why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provision.document import Document
from provision.findings import FileReport, Finding, Problem
from provision.formats import FORMATS
from provision.resolve import Includes, Resolver


@dataclass(frozen=True, slots=True)
class Loaded:
    """`document` is None exactly when the findings hold an error. A valid one may still have warnings."""

    file: str
    format: str
    document: Document | None
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        return self.document is not None

    @property
    def report(self) -> FileReport:
        return FileReport(self.file, self.format, self.findings)


def load_bytes(
    data: bytes, *, file: str, resolver: Resolver | None = None, also: tuple[Problem, ...] = ()
) -> Loaded:
    """Never raises, whatever the bytes. `file` is the name that findings show.

    Without a resolver (`provision.resolve.Includes` is one), a config that includes others is refused. `also` are
    problems that somebody else found, to be shown at their place.
    """
    chosen = next(candidate for candidate in FORMATS if candidate.recognises(data))
    document, findings = chosen.load(data, file, resolver, also)
    return Loaded(file, chosen.name, document, findings)


def load_file(path: Path, *, resolver: Resolver | None = None) -> Loaded:
    """A config and the files it includes; URLs only with another resolver. OSError when it cannot be read."""
    return load_bytes(path.read_bytes(), file=str(path), resolver=resolver or Includes())
