"""docs/formats.md says of each key of each format whether it is carried out, as the types of its front end do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import inspect

from provision.findings import Severity
from provision.formats import FORMATS
from provision.formats.front_end import front_end_at

DOCUMENT = Path(__file__).parents[2] / "docs/formats.md"
NAMES = re.compile(r"`([^`]+)`")

COLUMNS = {None: 0, Severity.ERROR: 1, Severity.WARNING: 2}


def of_types(module: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for path, key, severity in _walk(inspect.type_info(front_end_at(module).types), ""):
        found.setdefault(path, [[], [], []])[COLUMNS[severity]].append(key)
    return found


def _walk(info: inspect.Type, path: str) -> Iterator[tuple[str, str, Severity | None]]:
    if isinstance(info, inspect.Metadata):
        yield from _walk(info.type, path)
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from _walk(member, path)
    elif isinstance(info, inspect.VarTupleType):
        yield from _walk(info.item_type, f"{path}[]")
    elif isinstance(info, inspect.StructType):
        for field in info.fields:
            marks = (field.type.extra or {}) if isinstance(field.type, inspect.Metadata) else {}
            severity = marks.get("not_carried")
            yield path, field.encode_name, severity
            if severity is None:
                yield from _walk(field.type, f"{path}.{field.encode_name}".lstrip("."))


def of_document(name: str) -> dict[str, list[list[str]]]:
    """The tables of the section `## NAME`; a row may be about several mappings."""
    _, _, rest = DOCUMENT.read_text().partition(f"\n## {name}\n")
    section = rest.partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return {
        path.removeprefix("(top)"): [NAMES.findall(cell) for cell in cells]
        for where, *cells in rows
        if len(cells) == len(COLUMNS)  # cloud-config has a table of what becomes of its keys, too
        for path in NAMES.findall(where)
    }


WITH_TABLES = ("ignition", "butane", "cloud-config")  # scripts have no keys
# What cloud-init takes beside a cloud-config is in the table of that; what is not read is told after it.
IN_WORDS = ("boothook", "script", "script-per-boot", "unread")


@pytest.mark.parametrize("name", WITH_TABLES)
def test_every_key_of_a_format_is_in_its_table(name: str) -> None:
    (module,) = [one.front_end for one in FORMATS if one.name == name]
    assert module is not None
    written, known = of_document(name), of_types(module)

    assert {path: [sorted(cell) for cell in cells] for path, cells in written.items()} == {
        path: [sorted(cell) for cell in cells] for path, cells in known.items()
    }


def test_every_format_has_a_section_or_is_among_those_that_hold_others() -> None:
    text = DOCUMENT.read_text().casefold()
    names = [one.name for one in FORMATS if one.name not in IN_WORDS]

    assert [name for name in names if f"\n## {name}\n" not in text and f"\n| {name} |" not in text] == []
