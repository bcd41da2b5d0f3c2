"""The JSON Schema of the language, generated from its types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # JSON Schemas are open-ended mappings

import msgspec
from msgspec import Struct, inspect

from provision.document import whole_document
from provision.sections.hidden import HiddenText

SCHEMA_ID = "urn:provision:config:1"


def document_schema() -> dict[str, Any]:
    """The schema of a whole config, definitions included."""
    document = schema_of(whole_document())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **document,
        "title": "provision config, version 1",
        "$defs": document.pop("$defs"),
    }


def schema_of(types: type[Struct]) -> dict[str, Any]:
    """The schema of a format, definitions included."""
    (root, *_), definitions = msgspec.json.schema_components(
        (types,), schema_hook=_custom_type, ref_template="#/$defs/{name}"
    )
    definitions = dict(sorted(definitions.items()))
    whole = definitions.pop(str(root["$ref"]).rpartition("/")[2])
    return {**whole, "$defs": definitions}


def secret_names(types: type[Struct] | None = None) -> frozenset[str]:
    """Names of the fields whose type is marked secret, of the language or of another format."""
    return frozenset(_secret_fields(inspect.type_info(types or whole_document()), set()))


def _custom_type(kind: type) -> dict[str, Any]:
    if kind is HiddenText:
        return {"type": "string"}
    # The exception that msgspec asks of a schema hook for a type it does not know; no type of the language gets here.
    raise NotImplementedError(f"no JSON Schema for {kind}")


def _secret_fields(info: inspect.Type, seen: set[type]) -> Iterator[str]:
    if isinstance(info, inspect.Metadata):
        yield from _secret_fields(info.type, seen)
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from _secret_fields(member, seen)
    elif isinstance(info, inspect.VarTupleType):
        yield from _secret_fields(info.item_type, seen)
    elif isinstance(info, inspect.StructType) and info.cls not in seen:
        seen.add(info.cls)
        for field in info.fields:
            if isinstance(field.type, inspect.Metadata) and (field.type.extra or {}).get("secret"):
                yield field.encode_name
            yield from _secret_fields(field.type, seen)
