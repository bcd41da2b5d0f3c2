"""docs/formats.md says of every key of a cloud-config whether it is carried out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import inspect

from provision.formats.cloud_config.config import CloudConfig

PAGE = Path(__file__).parents[2] / "docs/formats.md"
ROW = re.compile(
    r"\| (?P<where>`[^`]+`|the file) \| (?P<carried>[^|]*) \| (?P<refused>[^|]*) \| (?P<ignored>[^|]*) \|"
)


def keys(info: inspect.Type, where: str) -> Iterator[tuple[str, str, str]]:
    """Where, key, and what becomes of it: carried, error or warning."""
    if isinstance(info, inspect.Metadata):
        yield from keys(info.type, where)
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from keys(member, where)
    elif isinstance(info, inspect.VarTupleType):
        yield from keys(info.item_type, f"{where}[]")
    elif isinstance(info, inspect.StructType):
        for field in info.fields:
            extra = (field.type.extra or {}) if isinstance(field.type, inspect.Metadata) else {}
            fate = str(extra.get("not_carried", "carried"))
            yield where, field.encode_name, fate
            if fate == "carried":
                yield from keys(field.type, f"{where}.{field.encode_name}".lstrip("."))


def expected() -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for where, key, fate in keys(inspect.type_info(CloudConfig), ""):
        found.setdefault(where, {}).setdefault(fate, set()).add(key)
    return found


def documented() -> dict[str, dict[str, set[str]]]:
    section = PAGE.read_text().partition("\n## cloud-config\n")[2].partition("\n## ")[0]
    found: dict[str, dict[str, set[str]]] = {}
    for row in filter(None, map(ROW.fullmatch, section.splitlines())):
        cells = {"carried": row["carried"], "error": row["refused"], "warning": row["ignored"]}
        fates = {fate: set(re.findall(r"`([^`]+)`", cell)) for fate, cell in cells.items()}
        where = "" if row["where"] == "the file" else row["where"].strip("`")
        found[where] = {fate: names for fate, names in fates.items() if names}
    return found


def test_every_key_is_in_the_table_with_what_becomes_of_it() -> None:
    assert documented() == expected()
