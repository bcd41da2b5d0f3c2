"""What a person reads about a difference."""

from __future__ import annotations

import pytest

from provision.execute.difference import MAX_TEXT_BYTES, NO_NEWLINE, content_lines, lost_lines, printable


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(b"a\n", b"a\n", (), id="same"),
        pytest.param(None, b"a\nb\n", ("+a", "+b"), id="new text"),
        pytest.param(b"a\nb\n", b"a\nc\n", ("@@ -1,2 +1,2 @@", " a", "-b", "+c"), id="changed line"),
        pytest.param(b"a\0", b"b\0", ("-2 bytes", "+2 bytes"), id="binary"),
        pytest.param(b"\xff", b"a", ("-1 bytes", "+1 bytes"), id="not utf-8"),
        pytest.param(b"a\n", b"a", ("@@ -1 +1 @@", "-a", "+a", NO_NEWLINE), id="last newline"),
        pytest.param(b"a", b"b", ("@@ -1 +1 @@", "-a", NO_NEWLINE, "+b", NO_NEWLINE), id="none of both"),
        pytest.param(b"a\r\nb\n", b"a\nb\n", ("@@ -1,2 +1,2 @@", "-a\\x0d", "+a", " b"), id="crlf"),
        pytest.param(None, b"a\r\n\nb", ("+a\\x0d", "+", "+b"), id="new with crlf"),
        pytest.param(None, b"", (), id="new and empty"),
        pytest.param(
            b"", b"a" * (MAX_TEXT_BYTES + 1), ("-0 bytes", f"+{MAX_TEXT_BYTES + 1} bytes"), id="too large"
        ),
    ],
)
def test_contents_are_compared_as_text_where_they_are_text(
    before: bytes | None, after: bytes, lines: tuple[str, ...]
) -> None:
    assert content_lines(before, after) == lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"a\n\nb\n", ("-a", "-", "-b"), id="text"),
        pytest.param(b"", (), id="empty"),
        pytest.param(b"a\0", ("-2 bytes",), id="binary"),
    ],
)
def test_what_goes_is_shown_as_text_where_it_is_text(content: bytes, lines: tuple[str, ...]) -> None:
    assert lost_lines(content) == lines


def test_a_long_diff_is_cut_and_says_so() -> None:
    lines = content_lines(None, b"x\n" * 1000)

    assert (len(lines), lines[-1]) == (201, "... 800 more lines")


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\tc") == "a\\x1b[31mb\tc"
