"""The line of a file that says something: where an explanation points."""

from __future__ import annotations

from pathlib import Path

from provision.formats.nodes import find
from provision.formats.source import TextError, decode
from provision.formats.tree import parse


def place(file: str | Path, path: str) -> str:
    """`file:line` of the key with this dotted path, or of the deepest of its parents that is there."""
    return f"{file}:{_line(Path(file), path)}"


def _line(file: Path, path: str) -> int:
    try:
        root = parse(decode(file.read_bytes())).root
    except (OSError, TextError):  # gone or broken since it was read: the file is still the right one
        return 1
    key, _ = find(root, tuple(path.split(".")))
    return 1 if key is None else key.start_mark.line + 1
