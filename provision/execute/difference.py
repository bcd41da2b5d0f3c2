"""What is different on a machine from what a plan asks for: data, and the text of a diff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

# A diff is read by a person: past this it is a size, not a text.
MAX_TEXT_BYTES = 256 * 1024
MAX_DIFF_LINES = 200
NO_NEWLINE = "\\ No newline at end of file"  # in the words of diff(1)
# Begins a line about what a reader without privileges cannot see: neither right nor wrong.
NOT_KNOWN = "not known: "


class Kind(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


class Difference(Struct, frozen=True):
    """`summary` names the thing, e.g. `file /etc/motd`; `details` are lines, or what makes them."""

    kind: Kind
    summary: str
    details: Sequence[str] | Callable[[], Sequence[str]] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """They start with `-` (before) or `+` (after)."""
        return tuple(self.details() if callable(self.details) else self.details)


def created(summary: str, details: Sequence[str] | Callable[[], Sequence[str]] = ()) -> Difference:
    """`details` may be made when they are read: an apply of two thousand new files shows none of their texts."""
    return Difference(Kind.CREATE, summary, details)


def removed(summary: str, lines: Sequence[str] = ()) -> Difference:
    return Difference(Kind.REMOVE, summary, tuple(lines))


def changed(summary: str, lines: Sequence[str]) -> Difference | None:
    """A change, or None when there is nothing to say about it."""
    return Difference(Kind.CHANGE, summary, tuple(lines)) if lines else None


def content_lines(before: bytes | None, after: bytes) -> tuple[str, ...]:
    """Unified diff of two texts without file header, or the sizes of what is no text."""
    if before == after:
        return ()
    old, new = _text(before or b""), _text(after)
    if old is None or new is None:
        return size_lines(None if before is None else len(before), len(after))
    if before is None:
        return _shortened([f"+{line}" for line in new.removesuffix("\n").split("\n") if new])
    return _shortened(_unified(_lines(old), _lines(new)))


def lost_lines(content: bytes) -> tuple[str, ...]:
    """A whole text that goes, or the size of what is no text."""
    text = _text(content)
    if text is None:
        return (f"-{len(content)} bytes",)
    return _shortened([f"-{line}" for line in text.removesuffix("\n").split("\n") if text])


def size_lines(before_bytes: int | None, after_bytes: int) -> tuple[str, ...]:
    if before_bytes is None:
        return (f"+{after_bytes} bytes",)
    return (f"-{before_bytes} bytes", f"+{after_bytes} bytes")


def printable(text: str) -> str:
    """The text with control characters spelled out: a file's content must not steer the reader's terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def _text(content: bytes) -> str | None:
    if len(content) > MAX_TEXT_BYTES or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Only a line feed ends a line here: carriage returns are part of what is compared."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n{NO_NEWLINE}"] if rest else lines


def _unified(old: list[str], new: list[str]) -> list[str]:
    import difflib

    diff = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    return [part for line in diff for part in line.split("\n")]


def _shortened(lines: list[str]) -> tuple[str, ...]:
    shown = tuple(printable(line) for line in lines[:MAX_DIFF_LINES])
    left = len(lines) - len(shown)
    return (*shown, f"... {left} more lines") if left else shown
