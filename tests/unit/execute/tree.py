"""Describes a directory tree in lines that can be compared and read."""

from __future__ import annotations

import stat
from pathlib import Path

OUR_OWN_RECORDS = "/var"


def describe_tree(root: Path) -> list[str]:
    """One line an entry: kind, mode, path, content. What the agent notes about itself is left out."""
    entries = sorted(root.rglob("*"))
    shown = [path for path in entries if not f"/{path.relative_to(root)}".startswith(OUR_OWN_RECORDS)]
    return [_line(path, f"/{path.relative_to(root)}") for path in shown]


def _line(path: Path, name: str) -> str:
    entry = path.lstat()
    mode = f"{stat.S_IMODE(entry.st_mode):04o}"
    if stat.S_ISLNK(entry.st_mode):
        return f"link {name} -> {path.readlink()}"
    if stat.S_ISDIR(entry.st_mode):
        return f"directory {mode} {name}"
    return f"file {mode} x{entry.st_nlink} {name} {path.read_bytes()!r}"
