"""Containers of formats: a text that holds others, each in a format of its own."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from provision.formats.nodes import NodeProblem
from provision.formats.source import Mark
from provision.resolve import Resolver


class Part(Struct, frozen=True):
    """A text on its way to its front end.

    `file` is what findings name, `name` which part of it this is. `offset` is where the part's first line stands in
    the file, and by how many columns each of its lines is indented there; a part that was packed has lines of its own.
    """

    file: str
    data: bytes
    name: str | None = None
    offset: Mark = Mark(0, 0)


class Unpacked(Struct, frozen=True):
    """The parts in the order in which they count: of what two of them say, the later one holds.

    `problems` are about the container itself, at marks of its text.
    """

    parts: tuple[Part, ...]
    problems: tuple[NodeProblem, ...] = ()


Unpack = Callable[[Part, Resolver | None], Unpacked]
"""What the module of a container has as `unpack`. Raises TextError for what cannot be unpacked at all."""


def inside(container: Part, data: bytes, name: str, offset: Mark | None) -> Part:
    """A part of a container that may be a part itself. Without an offset, it was packed."""
    whole = f"{container.name}, {name}" if container.name else name
    if offset is None:
        return Part(container.file, data, whole)
    line, column = container.offset.line + offset.line, container.offset.column + offset.column
    return Part(container.file, data, whole, Mark(line, column))
