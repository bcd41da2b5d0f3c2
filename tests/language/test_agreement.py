"""msgspec, which decodes, and the JSON Schema, which editors and our own error messages go by, agree."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from hypothesis import given
from jsonschema import Draft202012Validator

from provision.formats.native import convert
from provision.formats.nodes import Plain
from tests.language.shapes import documents, spoiled_documents

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/provision.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def msgspec_accepts(data: Plain) -> bool:
    try:
        convert(data)
    except msgspec.ValidationError:
        return False
    return True


@given(documents())
def test_both_accept_whatever_has_the_shape_of_a_document(data: Plain) -> None:
    convert(data)

    assert list(VALIDATOR.iter_errors(data)) == []


@given(spoiled_documents())
def test_both_refuse_what_is_spoiled_or_both_accept_it_still(data: Plain) -> None:
    assert msgspec_accepts(data) == VALIDATOR.is_valid(data)
