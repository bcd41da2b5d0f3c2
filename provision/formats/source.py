"""The user's file as text: decoding it, its lines, and the same lines with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from provision.urls import MASK, secret_parts

MAX_CONFIG_BYTES = (
    1024 * 1024
)  # the largest config a cloud hands out (Google: 256 KiB a value) fits four times

# Line breaks as libyaml counts them: also NEL, LS and PS.
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# YAML 1.1 "c-printable", turned around. The second takes 5 ms to compile, a tenth of a whole validation: only texts
# beyond ASCII need it.
NOT_YAML_ASCII = re.compile(r"[^\t\n\r\x20-\x7e]")
YAML_ASCII = bytes((9, 10, 13, *range(0x20, 0x7F)))
NOT_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


class Mark(Struct, frozen=True):
    """A place in the text; line and column count from 0."""

    line: int
    column: int


class Span(Struct, frozen=True):
    """From one mark up to, not including, another."""

    start: Mark
    end: Mark


class Rendered(Struct, frozen=True):
    """A text that a template made: for each of its lines the line of the template."""

    lines: tuple[int, ...]
    template: tuple[str, ...]

    def shows(self, mark: Mark, line: str) -> bool:
        """Whether the template has this very line."""
        return self.template[self._line(mark)] == line

    def mark(self, mark: Mark, line: str) -> Mark:
        """Where the template says it: before what was filled in, behind it, or else where that begins."""
        written = self.template[self._line(mark)]
        same = _common(line, written)
        if mark.column > same:
            behind = _common(line[same:][::-1], written[same:][::-1])
            from_end = len(line) - mark.column
            same = len(written) - from_end if from_end <= behind else same
        else:
            same = mark.column
        return Mark(self._line(mark), same)

    def below(self, first: int) -> Rendered:
        """Of the lines from this one on."""
        return Rendered(self.lines[first:], self.template)

    def _line(self, mark: Mark) -> int:
        return self.lines[min(mark.line, len(self.lines) - 1)]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    length = min(len(one), len(other))
    return next((index for index in range(length) if one[index] != other[index]), length)


class TextError(Exception):
    """The file is no usable text, or no usable YAML. `mark` says where."""

    def __init__(self, code: str, message: str, mark: Mark | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.mark = mark or Mark(0, 0)
        self.hint = hint


def decode(data: bytes) -> str:
    """The text of the file, without a byte order mark. Raises TextError."""
    if len(data) > MAX_CONFIG_BYTES:
        hint = "put large content behind files[].source"
        raise TextError("too-large", f"more than the {MAX_CONFIG_BYTES} bytes a config may have", hint=hint)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TextError("not-utf8", "the file is UTF-16", hint="save it as UTF-8")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as problem:
        before = data[: problem.start].removeprefix(b"\xef\xbb\xbf").decode()
        message = f"byte 0x{data[problem.start]:02x} is not UTF-8"
        raise TextError("not-utf8", message, mark_at(before), "save the file as UTF-8") from problem
    if text.isascii() and not text.encode().translate(None, YAML_ASCII):
        return text
    if found := NOT_YAML_ASCII.search(text) if text.isascii() else re.search(NOT_YAML, text):
        message = f"character {found[0]!a} is not allowed"
        raise TextError("control-character", message, mark_at(text[: found.start()]))
    return text


def mark_at(before: str) -> Mark:
    """The mark just after this text."""
    lines = LINE_BREAK.split(before)
    return Mark(len(lines) - 1, len(lines[-1]))


def lines_of(data: bytes) -> list[str]:
    return LINE_BREAK.split(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))


def masked(lines: list[str], spans: Iterable[Span]) -> list[str]:
    """The lines with each span hidden; what stays keeps its column as long as nothing hidden is before it."""
    result = list(lines)
    for span in sorted(spans, key=lambda span: (span.start.line, span.start.column), reverse=True):
        for number in range(span.start.line, min(span.end.line + 1, len(result))):
            start = span.start.column if number == span.start.line else 0
            end = span.end.column if number == span.end.line else len(result[number])
            result[number] = _hidden(result[number], start, end)
    return [_without_url_secrets(line) for line in result]


def _without_url_secrets(line: str) -> str:
    for start, end in reversed(list(secret_parts(line))):
        line = _hidden(line, start, end)
    return line


def _hidden(line: str, start: int, end: int) -> str:
    """Inside a line the width stays, so that carets fit; at its end not even the secret's length shows."""
    if end >= len(line.rstrip()):
        return line[:start] + MASK if line[start:end].strip() else line
    return line[:start] + "*" * (end - start) + line[end:]


def masked_by_name(lines: list[str], names: frozenset[str]) -> list[str]:
    """For text that is no YAML and so has no spans: hides what follows a secret's key, up to the next key.

    Errs on the side of hiding.
    """
    key = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(names)))})\b|PRIVATE KEY")
    result = []
    inside: int | None = None  # the column of the key whose value may go on
    for line in lines:
        found = key.search(line)
        if found:
            inside = _key_column(line)
            result.append(_without_url_secrets(line[: found.end()]) + MASK)
            continue
        if inside is not None and FRESH_KEY.match(line) and _key_column(line) <= inside:
            inside = None
        result.append(_without_url_secrets(line) if inside is None else MASK)
    return result


FRESH_KEY = re.compile(r"""[ ]*(?:- +)*["']?[A-Za-z_][\w-]*["']?[ ]*:(?:\s|$)""")


def _key_column(line: str) -> int:
    return len(line) - len(line.lstrip(" \t-"))
