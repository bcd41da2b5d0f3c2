"""File system paths and modes as the config writes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from provision.findings import Place, Problem, error
from provision.variables import has_variable

Mode = Annotated[
    str,
    Meta(
        description="Permission bits in octal, in quotes. An unquoted 0644 is taken as octal too.",
        examples=["0644"],
        extra_json_schema={"format": "octal-mode"},
    ),
]

# What nearly all paths are: nothing in it needs a second look.
PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.@:+,=~-]{0,254}){1,15}")
MODE = re.compile(r"(?:0o?)?([0-7]{3,4})")


def parse_mode(text: str) -> int:
    """The bits of a mode that `check_mode` accepted."""
    match = MODE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no octal mode")
    return int(match[1], 8)


def check_mode(mode: str | None, place: Place) -> Iterator[Problem]:
    if mode is not None and not MODE.fullmatch(mode):
        yield error("mode", place, f"{mode!r} is no octal mode", 'write three or four octal digits: "0644"')


def check_path(path: str, place: Place) -> Iterator[Problem]:
    """Absolute and in its one normal spelling: two spellings of one path would hide that it is used twice."""
    if PLAIN_PATH.fullmatch(path) or has_variable(path):
        return
    if not path.startswith("/"):
        yield error("path-not-absolute", place, f"{path!r} is not absolute", f"write {'/' + path!r}")
    elif any(not char.isprintable() for char in path):
        yield error("path", place, f"{path!r} has characters that cannot be printed")
    elif ".." in path.split("/"):
        yield error("path-not-normal", place, f"{path!r} goes up with '..'", f"write {_normal(path)!r}")
    elif path == "/":
        yield error("path", place, "'/' itself is not the config's to make")
    elif path != _normal(path):
        yield error("path-not-normal", place, f"{path!r} is not normalised", f"write {_normal(path)!r}")
    elif len(path.encode()) > 4095:  # PATH_MAX counts the final NUL
        yield error("path", place, "longer than the 4095 bytes that Linux allows")


def _normal(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
