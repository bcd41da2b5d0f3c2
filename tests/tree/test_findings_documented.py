"""docs/findings.md lists each code of a finding that the source can give, with its severity, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"\| `(?P<code>[a-z0-9-]+)` \| (?P<severity>[a-z, ]+) \| (?P<means>[^|]+) \| (?P<todo>[^|]+) \|"
)
# Who makes a finding, with the severity; the code is the first argument.
MAKERS = {
    "CannotInclude": "error",
    "TextError": "error",
    "_report": "error",
    "error": "error",
    "note": "note",
    "warning": "warning",
}


@cache
def given() -> dict[str, set[str]]:
    """Codes, or patterns for those made of a word and what a check is about, and their severities."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "provision").rglob("*.py")):
        for code, severity in _codes(ast.parse(path.read_text())):
            found.setdefault(code, set()).add(severity)
    return found


def _codes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in MAKERS and node.args:
            yield from ((code, MAKERS[name]) for code in _values(node.args[0], tree))
        elif name == "Finding" and len(node.args) > 2 and isinstance(node.args[0], ast.Attribute):
            yield from ((code, node.args[0].attr.lower()) for code in _values(node.args[1], tree))
        elif name == "replace" and any(keyword.arg == "code" for keyword in node.keywords):
            words = {keyword.arg: keyword.value for keyword in node.keywords}
            severity = words["severity"]
            assert isinstance(severity, ast.Attribute)
            yield from ((code, severity.attr.lower()) for code in _values(words["code"], tree))


def _values(node: ast.expr, tree: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _values(node.body, tree)
        yield from _values(node.orelse, tree)
    elif isinstance(node, ast.Name):
        for other in ast.walk(tree):
            if isinstance(other, ast.Assign) and any(
                getattr(one, "id", "") == node.id for one in other.targets
            ):
                yield from _values(other.value, tree)


def documented() -> dict[str, set[str]]:
    rows = [ROW.fullmatch(line) for line in (ROOT / "docs/findings.md").read_text().splitlines()]
    return {row["code"]: set(row["severity"].split(", ")) for row in rows if row}


def _codes_of(row: str) -> set[str]:
    """The code itself, or else the patterns it is made by."""
    codes = given()
    return {row} if row in codes else {code for code in codes if fnmatchcase(row, code)}


def test_every_finding_is_in_the_table_with_its_severity() -> None:
    table = documented()

    missing = {
        f"{code}: {', '.join(sorted(severities))}"
        for code, severities in given().items()
        if not any(severities <= table[row] for row in table if code in _codes_of(row))
    }

    assert missing == set()


def test_every_row_of_the_table_is_a_finding() -> None:
    codes = given()

    assert [row for row in documented() if not _codes_of(row) & codes.keys()] == []


def test_no_row_claims_a_severity_that_its_finding_never_has() -> None:
    codes = given()

    wrong = [
        row
        for row, severities in documented().items()
        if severities != set().union(*(codes[code] for code in _codes_of(row)))
    ]

    assert wrong == []


def test_every_line_of_the_table_can_be_read_as_one() -> None:
    lines = [line for line in (ROOT / "docs/findings.md").read_text().splitlines() if line.startswith("| `")]

    assert [line for line in lines if not ROW.fullmatch(line)] == []
    assert len(lines) == len(documented())
