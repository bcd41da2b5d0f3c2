"""Configs of other formats, loaded, and what is found in them in one line each."""

from __future__ import annotations

import json

from provision.document import Document
from provision.load import Loaded, load_bytes


def load(config: object) -> Loaded:
    return load_bytes(json.dumps(config).encode(), file="config")


def document(config: object) -> Document:
    loaded = load(config)
    assert loaded.document is not None, loaded.findings
    return loaded.document


def codes(loaded: Loaded) -> list[str]:
    """`code path` of each finding, in the order of the file."""
    return [f"{finding.code} {finding.path}".rstrip() for finding in loaded.findings]
