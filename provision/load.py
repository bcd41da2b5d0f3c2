"""Bytes of any supported format to a Document, or findings that say why not."""

from __future__ import annotations

from dataclasses import dataclass

from provision.document import Document
from provision.findings import FileReport, Finding
from provision.formats import FORMATS


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


def load_bytes(data: bytes, *, file: str) -> Loaded:
    """Never raises, whatever the bytes. `file` is the name that findings show."""
    chosen = next(candidate for candidate in FORMATS if candidate.recognises(data))
    document, findings = chosen.load(data, file)
    return Loaded(file, chosen.name, document, findings)
