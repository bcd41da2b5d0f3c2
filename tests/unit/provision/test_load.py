"""Bytes to a document or findings: YAML's traps, hostile input, exact places."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.findings import render_github, render_json, render_text
from provision.formats.locate import MAX_PROBLEMS
from provision.load import load_bytes, load_file

COMPLETE = (Path(__file__).resolve().parents[3] / "examples/configs/complete.yaml").read_bytes()


def first(data: bytes) -> tuple[str, int, int]:
    finding = load_bytes(data, file="config.yaml").findings[0]
    return finding.code, finding.line, finding.column


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbfhostname: a\n", id="byte order mark"),
        pytest.param(b"hostname: a\r\n", id="Windows line ends"),
        pytest.param(b"---\nhostname: a\n...\n", id="document markers"),
        pytest.param(b'{"hostname": "a"}', id="JSON"),
        pytest.param(b"hostname: &a a\n", id="anchor"),
        pytest.param(b"hostname: !!str a\n", id="a plain tag"),
    ],
)
def test_a_text_that_says_the_same_is_the_same_document(data: bytes) -> None:
    loaded = load_bytes(data, file="config.yaml")

    assert loaded.findings == ()
    assert loaded.document is not None
    assert loaded.document.hostname == "a"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", ("empty", 1, 1), id="nothing"),
        pytest.param(b"# only a comment\n", ("empty", 1, 1), id="comments"),
        pytest.param(b"null\n", ("empty", 1, 1), id="null"),
        pytest.param(b"- hostname\n", ("wrong-type", 1, 1), id="a list"),
        pytest.param(b"hostname\n", ("wrong-type", 1, 1), id="a word"),
        pytest.param(b"a: 1\nb: caf\xe9\n", ("not-utf8", 2, 7), id="Latin-1"),
        pytest.param("hostname: a".encode("utf-16"), ("not-utf8", 1, 1), id="UTF-16"),
        pytest.param(b"a: 1\r\nb: \0\n", ("control-character", 2, 4), id="NUL"),
        pytest.param(b"a: \x1b[31m\n", ("control-character", 1, 4), id="terminal escape"),
        pytest.param(b"users:\n\t- name: a\n", ("tab", 2, 1), id="tab"),
        pytest.param(b"hostname: a: b\n", ("yaml", 1, 12), id="colon in text"),
        pytest.param(b"hostname: [a\n", ("yaml", 2, 1), id="open bracket"),
        pytest.param(b"hostname: [a", ("yaml", 1, 13), id="open bracket, no line end"),
        pytest.param(b"hostname: a\n---\nhostname: b\n", ("several-documents", 2, 1), id="two documents"),
        pytest.param(b"hostname: a\nhostname: b\n", ("duplicate-key", 2, 1), id="duplicate key"),
        pytest.param(b"users: [{name: a, name: b}]\n", ("duplicate-key", 1, 19), id="duplicate key, deeper"),
        pytest.param(b'hostname: a\n"hostname": b\n', ("duplicate-key", 2, 1), id="the same key in quotes"),
        pytest.param(b'hostname: a\n"host\\x6eame": b', ("duplicate-key", 2, 1), id="and with an escape"),
        pytest.param(b"hostname: a\n!!str hostname: b\n", ("duplicate-key", 2, 1), id="and with a tag"),
        pytest.param(
            b"groups: [&a {name: a}, &b {name: b}, {<<: *a, <<: *b}]",
            ("duplicate-key", 1, 47),
            id="merge twice",
        ),
        pytest.param(b"hostname: *a\n", ("undefined-alias", 1, 11), id="alias of nothing"),
        pytest.param(b"users: &a [*a]\n", ("alias-loop", 1, 8), id="alias of itself"),
        pytest.param(b"users: [&a {<<: *a}]\n", ("alias-loop", 1, 9), id="merge of itself"),
        pytest.param(b"users: [{<<: 1}]\n", ("merge", 1, 14), id="merge of a number"),
        pytest.param(b"hostname: !!python/name:os.system\n", ("unsupported-tag", 1, 11), id="Python object"),
        pytest.param(b"? [a]\n: b\n", ("key-not-text", 1, 3), id="list as key"),
        pytest.param(b"[" * 500_000, ("too-deep", 1, 33), id="half a million brackets"),
        pytest.param(b"- " * 200_000, ("too-deep", 1, 65), id="half a million dashes"),
        pytest.param(b"#" * (1024 * 1024 + 1), ("too-large", 1, 1), id="more than a megabyte"),
    ],
)
def test_a_text_that_is_no_config_is_refused_at_its_place(
    data: bytes, expected: tuple[str, int, int]
) -> None:
    assert first(data) == expected


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 30)]

    with within(96):
        assert first("\n".join(levels).encode())[0] == "too-many-aliases"


@pytest.mark.long
def test_merges_of_merges_do_not_multiply() -> None:
    levels = ["a0: &a0 {x: 1}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 30)}]}}" for n in range(1, 20)]

    with within(96):
        assert first("\n".join(levels).encode())[0] == "unknown-key"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a0: &a0 {x: 1}\n"
            + "".join(
                f"a{n}: &a{n} {{<<: [{','.join(f'*a{before}' for before in range(n))}]}}\n"
                for n in range(1, 400)
            ),
            id="each mapping merges all before it",
        ),
        pytest.param(
            f"a: &a {{{','.join(f'k{n}: 1' for n in range(5000))}}}\n"
            + "".join(f"b{n}: {{<<: *a}}\n" for n in range(5000)),
            id="a wide mapping is merged into many",
        ),
    ],
)
@pytest.mark.long
def test_many_merges_are_refused_before_they_take_long(text: str) -> None:
    with within(96):
        assert first(text.encode())[0] == "too-many-aliases"


def test_a_file_of_ten_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"vars: {a: b}\n" * 800_000)

    with within(8):
        assert load_file(file).findings[0].code == "too-large"


@contextmanager
def within(mebibytes: int) -> Iterator[None]:
    """Work without end fills the memory first: what is made is bounded, and with it the time."""
    tracemalloc.start()
    try:
        yield
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < mebibytes * 1024 * 1024


def test_a_file_made_to_be_slow_lists_the_first_problems_only() -> None:
    data = b"a: &x y\n" + b"".join(b"k%d: *x\n" % number for number in range(5_000))

    findings = load_bytes(data, file="config.yaml").findings

    assert len(findings) == MAX_PROBLEMS + 1
    assert findings[-1].code == "more"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b"{name: lan, match: {mac: 52:54:00:12:34:56}, dhcp: on}", True, id="YAML 1.1 true"),
        pytest.param(b"{name: lan, match: {mac: 52:54:00:12:34:56}, dhcp: no}", False, id="YAML 1.1 false"),
    ],
)
def test_a_mac_address_of_digits_is_no_number_in_base_60(data: bytes, value: bool) -> None:
    loaded = load_bytes(b"network: {interfaces: [" + data + b"]}", file="config.yaml")

    assert loaded.document is not None
    assert loaded.document.network is not None
    (interface,) = loaded.document.network.interfaces
    assert interface.match is not None
    assert interface.match.mac == "52:54:00:12:34:56"
    assert interface.dhcp is value


def test_merged_keys_count_and_the_mappings_own_come_first() -> None:
    data = b"users:\n- &base {name: a, shell: /bin/sh, uid: 1}\n- <<: *base\n  name: b\n  uid: 2\n"

    document = load_bytes(data, file="config.yaml").document

    assert document is not None
    assert [(user.name, user.shell, user.uid) for user in document.users] == [
        ("a", "/bin/sh", 1),
        ("b", "/bin/sh", 2),
    ]


def test_of_two_merged_mappings_the_first_one_counts() -> None:
    data = b"groups:\n- &a {name: a, gid: 2001}\n- &b {name: b, gid: 2002}\n- {<<: [*b, *a], name: c, gid: 2003}\n"

    document = load_bytes(data, file="config.yaml").document

    assert document is not None
    assert [(group.name, group.gid) for group in document.groups] == [("a", 2001), ("b", 2002), ("c", 2003)]


def test_a_key_is_its_text_whatever_yaml_takes_it_for() -> None:
    """YAML 1.1 has one value for `yes`, `on` and `true`; here they are the keys that one reads."""
    data = b"commands: [{name: a, command: [/bin/a], once: true, environment: {yes: a, true: b, on: c}}]\n"

    document = load_bytes(data, file="config.yaml").document

    assert document is not None
    assert document.commands[0].environment == {"yes": "a", "true": "b", "on": "c"}


def test_problems_of_shape_and_of_meaning_are_told_in_one_run() -> None:
    findings = load_bytes(b"hostname: a_b\nusers: [{nam: x}]\n", file="config.yaml").findings

    assert [finding.code for finding in findings] == ["hostname", "missing-key", "unknown-key"]


def test_a_number_that_no_schema_can_refuse_is_a_finding_all_the_same() -> None:
    assert first(b"groups: [{name: a, gid: 9223372036854775808}]\n") == ("out-of-range", 1, 25)


def test_a_warning_leaves_the_document_valid() -> None:
    loaded = load_bytes(b"users: [{name: a, groups: [nobodyknows]}]\n", file="config.yaml")

    assert loaded.valid
    assert [finding.severity for finding in loaded.findings] == ["warning"]


@given(st.binary())
def test_no_bytes_make_it_raise(data: bytes) -> None:
    loaded = load_bytes(data, file="config.yaml")

    assert loaded.valid or loaded.findings


@given(st.text(alphabet="abu:-[]{}&*!<|>'\"#?% \n\t0.~"))
def test_no_text_of_yaml_characters_makes_it_raise(text: str) -> None:
    loaded = load_bytes(text.encode(), file="config.yaml")

    for render in (render_text, render_json, render_github):
        assert render([loaded.report]) is not None


@given(st.integers(0, len(COMPLETE) - 1), st.integers(0, 40), st.binary(max_size=8))
def test_no_damage_to_a_good_config_makes_it_raise(start: int, length: int, put: bytes) -> None:
    data = COMPLETE[:start] + put + COMPLETE[start + length :]

    loaded = load_bytes(data, file="config.yaml")

    assert loaded.valid or loaded.findings
    assert all(finding.line >= 1 and finding.column >= 1 for finding in loaded.findings)
