"""The committed schema is the one the types make."""

from __future__ import annotations

import json
from pathlib import Path

from provision.schema import document_schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_schema_is_what_the_types_say() -> None:
    committed = (ROOT / "schemas/provision.schema.json").read_text()

    assert committed == json.dumps(document_schema(), indent=2) + "\n", (
        "stale: run python -m provision schema > schemas/provision.schema.json"
    )
