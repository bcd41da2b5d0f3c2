"""Containers: each part through its own front end, the later over the earlier, findings at lines of the user's file."""

from __future__ import annotations

import gzip

from provision.document import Document
from provision.findings import Finding, render_github, render_json, render_text
from provision.formats import FORMATS, Format
from provision.formats.compose import MAX_DEPTH, MAX_INCLUDES, load
from provision.formats.locate import Layout
from provision.formats.source import MAX_CONFIG_BYTES
from provision.load import load_bytes
from provision.resolve import CannotInclude, Included, Includes, Listed
from provision.sections.include import Include
from tests.unit.provision.formats.halves import is_halves

WITH_HALVES = (Format("halves", is_halves, container="tests.unit.provision.formats.halves"), *FORMATS)

NATIVE = b"""\
%%
  hostname: first
  vars: {a: from the config}
  files:
    - {path: /etc/a, content: "${vars.a}"}
    - {path: /etc/b, content: first}
%%
  {"ignition": {"version": "3.3.0"},
    "storage": {"files": [
      {"path": "/etc/a", "mode": 384, "contents": {"source": "data:,${vars.a}"}, "overwrite": true},
      {"path": "/etc/c", "contents": {"source": "data:,x"}}]}}
"""


def loaded(data: bytes) -> tuple[Document | None, tuple[Finding, ...], Layout | None]:
    return load(data, "user-data", Includes(reads_files=False), WITH_HALVES)


def places(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{one.code} {one.path} {one.file}:{one.line}:{one.column} {one.part}" for one in findings]


def test_the_later_part_wins_entry_by_entry_and_only_native_texts_have_variables() -> None:
    document, findings, layout = loaded(NATIVE.replace(b', content: "${vars.a}"', b""))

    assert findings == ()
    assert document is not None
    assert layout is not None
    assert document.hostname == "first"
    assert [(file.path, file.content, file.source, file.mode) for file in document.files] == [
        ("/etc/a", None, "data:,${vars.a}", "0600"),
        ("/etc/b", "first", None, None),
        ("/etc/c", None, "data:,x", None),
    ]
    origins = [layout.origin_of(("files", index)) for index in range(3)]
    assert [(origin.file, origin.line) for origin in origins] == [
        ("user-data", 10),
        ("user-data", 6),
        ("user-data", 11),
    ]


def test_what_only_both_parts_together_get_wrong_is_shown_in_the_part_with_the_last_word() -> None:
    _, findings, _ = loaded(NATIVE)

    assert places(findings) == ["file-content-twice storage.files[0].contents.source user-data:10:52 part 2"]


def test_findings_stand_at_the_lines_and_columns_of_the_file_and_name_the_part() -> None:
    data = (
        b"%%\n  hostname: a_b\n%%\n%%\n"
        b'  {"ignition": {"version": "3.3.0"},\n   "storage": {"files": [{"path": "a"}], "Links": []}}\n'
        b"%%\n  hostname: [\n"
    )

    _, findings, _ = loaded(data)

    assert places(findings) == [
        "empty  user-data:3:1 None",
        "unknown-key storage.Links user-data:6:42 part 3",
        "yaml  user-data:9:3 part 4",
    ]
    _, findings, _ = loaded(data.partition(b"%%\n%%")[0])
    assert places(findings) == ["hostname hostname user-data:2:13 part 1"]
    assert findings[0].excerpt == "  hostname: a_b"


def test_a_caret_stands_under_what_is_indented_in_the_file() -> None:
    _, findings, _ = loaded(b"%%\n  hostname: a_b\n")

    lines = findings[0]
    assert lines.excerpt is not None
    assert lines.excerpt[lines.column - 1 :][: lines.width] == "a_b"


def test_a_container_that_cannot_be_unpacked_is_a_finding() -> None:
    _, findings, _ = loaded(b"%%\nhostname: a")

    assert places(findings) == ["yaml  user-data:1:2 None"]


def test_a_packed_config_has_lines_of_its_own_and_says_so() -> None:
    report = load_bytes(gzip.compress(b"\nhostname: a_b\n"), file="user-data").report

    assert places(report.findings) == ["hostname hostname user-data:2:11 unpacked"]
    assert "--> user-data:2:11 (unpacked)\n" in render_text([report])
    assert '"part": "unpacked"' in render_json([report])
    assert "(unpacked)" in render_github([report])


def test_packed_in_packed_ends() -> None:
    data = b"hostname: a\n"
    for _ in range(MAX_DEPTH + 2):
        data = gzip.compress(data)

    assert [one.code for one in load_bytes(data, file="user-data").findings] == ["include-depth"]


def test_a_packed_text_is_bounded() -> None:
    packed = gzip.compress(b"#" * (MAX_CONFIG_BYTES + 1))

    assert [one.code for one in load_bytes(packed, file="user-data").findings] == ["gzip"]


def test_parts_are_counted() -> None:
    _, findings, _ = loaded(b"%%\n  hostname: a\n" * (MAX_INCLUDES + 1))

    assert [one.code for one in findings] == ["include-count"]


class Shelf:
    """Texts by name, in place of files."""

    def __init__(self, **texts: bytes) -> None:
        self._texts = texts

    def identity(self, file: str) -> str:
        return file

    def read(self, include: Include, _including: str) -> Included | None:
        name = include.file or ""
        return Included(name, name, self._texts[name])

    def listing(self, _directory: str, _including: str) -> tuple[Listed, ...]:
        raise CannotInclude("include-unreadable", "no directories on the shelf")


def test_a_native_config_includes_a_config_of_another_format() -> None:
    shelf = Shelf(
        base=gzip.compress(b'{"ignition": {"version": "3.3.0"}, "storage": {"files": [{"path": "/a"}]}}')
    )

    found = load_bytes(b"include: [{file: base}]\nhostname: a\n", file="main", resolver=shelf)

    assert found.document is not None, found.findings
    assert (found.document.hostname, [file.path for file in found.document.files]) == ("a", ["/a"])
    origin = found.origin("files[0]")
    assert origin is not None
    assert origin.file == "base"
