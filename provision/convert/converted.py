"""What is converted: a document, also of a config that would be refused for what it cannot carry."""

from __future__ import annotations

import msgspec
from msgspec import Struct, structs

from provision.document import Document
from provision.findings import Finding, Severity
from provision.load import Loaded

LOST = "not-carried"


class Convertible(Struct, frozen=True):
    """`document` is None when the config has errors of another kind. `lost` is what its own format says besides."""

    document: Document | None
    lost: tuple[Finding, ...]


def convertible(loaded: Loaded) -> Convertible:
    """Includes are in the document already, and variables filled in."""
    lost = tuple(finding for finding in loaded.findings if finding.code == LOST)
    document = loaded.document
    if document is None and _is_only_lossy(loaded):
        document = _translated(loaded)
    if document is not None:
        document = structs.replace(document, include=())
    return Convertible(document, lost)


def _is_only_lossy(loaded: Loaded) -> bool:
    errors = [finding for finding in loaded.findings if finding.severity is Severity.ERROR]
    return loaded.layout is not None and all(finding.code == LOST for finding in errors)


def _translated(loaded: Loaded) -> Document | None:
    from provision.formats.native import convert
    from provision.formats.nodes import Construction
    from provision.vars import fill

    assert loaded.layout is not None
    data, _ = Construction().make(loaded.layout.root)
    try:
        return fill(convert(data)).document
    except msgspec.ValidationError:  # a part of it has a shape of its own, which is an error elsewhere
        return None
