"""JSON with marks: the same values as Python's own parser, exact places, and never more depth than is agreed to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.formats.json_tree import parse
from provision.formats.nodes import find, start_of
from provision.formats.source import Mark, TextError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=5), VALUES, max_size=4),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_the_values_are_those_of_pythons_own_parser(
    data: dict[str, object], indent: str | int | None, ascii_only: bool
) -> None:
    tree = parse(json.dumps(data, indent=indent, ensure_ascii=ascii_only))

    assert tree.data == data
    assert tree.problems == ()


def test_every_value_knows_where_it_stands() -> None:
    tree = parse('{\r\n\t"a": [1,\n  {"\\u0062": "\\ud83d\\ude00"}]}')

    key, value = find(tree.root, ("a", 1, "b"))

    assert key is not None
    assert (start_of(key), start_of(value)) == (Mark(2, 3), Mark(2, 13))
    assert value.value == "😀"
    assert (value.end_mark.line, value.end_mark.column) == (2, 27)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ("empty", 0, 0), id="nothing"),
        pytest.param("[]", ("wrong-type", 0, 0), id="a list"),
        pytest.param('"a"', ("wrong-type", 0, 0), id="a text"),
        pytest.param('{"a": 1,\n}', ("json", 1, 0), id="comma at the end"),
        pytest.param('{"a": [1,]}', ("json", 0, 9), id="comma at a list's end"),
        pytest.param('{"a" 1}', ("json", 0, 5), id="no colon"),
        pytest.param("{a: 1}", ("json", 0, 1), id="key without quotes"),
        pytest.param("{'a': 1}", ("json", 0, 1), id="single quotes"),
        pytest.param('{"a": 01}', ("json", 0, 7), id="octal"),
        pytest.param('{"a": tru}', ("json", 0, 6), id="half a word"),
        pytest.param('{"a": NaN}', ("json", 0, 6), id="no number"),
        pytest.param('{"a": "x\ny"}', ("json", 0, 8), id="line break in a text"),
        pytest.param('{"a": "x', ("json", 0, 6), id="open text"),
        pytest.param('{"a": "\\q"}', ("json", 0, 7), id="unknown escape"),
        pytest.param('{"a": "\\ud83d"}', ("json", 0, 6), id="half a surrogate pair"),
        pytest.param('{"a": {', ("json", 0, 7), id="open object"),
        pytest.param('{"a":', ("json", 0, 5), id="no value"),
        pytest.param('{"a": 1} {}', ("json", 0, 9), id="a second value"),
        pytest.param('{"a": 1} // x', ("json", 0, 9), id="a comment"),
        pytest.param('{"a":' * 300_000, ("too-deep", 0, 160), id="deep objects"),
        pytest.param("[" * 300_000, ("too-deep", 0, 32), id="deep lists"),
    ],
)
def test_what_is_no_config_is_refused_at_its_place(text: str, expected: tuple[str, int, int]) -> None:
    with pytest.raises(TextError) as refused:
        parse(text)

    assert (refused.value.code, refused.value.mark.line, refused.value.mark.column) == expected


def test_a_key_that_is_there_twice_is_reported_at_the_second() -> None:
    (problem,) = parse('{"a": 1,\n "\\u0061": 2}').problems

    assert (problem.code, problem.place, problem.mark) == ("duplicate-key", ("a",), Mark(1, 1))


def test_a_key_that_looks_like_a_merge_is_a_key() -> None:
    assert parse('{"<<": {"a": 1}}').data == {"<<": {"a": 1}}
