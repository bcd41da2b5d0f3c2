"""The committed schema is the one the types make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provision.schema import document_schema
from pxeserver.inventory.shapes import FILES, file_schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_schema_is_what_the_types_say() -> None:
    committed = (ROOT / "schemas/provision.schema.json").read_text()

    assert committed == json.dumps(document_schema(), indent=2) + "\n", (
        "stale: run python -m provision schema > schemas/provision.schema.json"
    )


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_schemas_of_a_data_directory_are_what_its_types_say(kind: str) -> None:
    committed = (ROOT / f"schemas/pxeserver-{kind}.schema.json").read_text()

    assert committed == json.dumps(file_schema(kind), indent=2) + "\n", "stale: run make schemas"
