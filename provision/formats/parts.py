"""Containers of formats: a text that holds others, each in a format of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, structs

from provision.findings import Problem
from provision.formats.nodes import NodeProblem
from provision.formats.source import Mark, Rendered
from provision.resolve import Resolver

Instance = Mapping[str, Any]
"""What a platform tells about the machine, as cloud-init's instance-data.json has it: plain data."""


class Part(Struct, frozen=True):
    """A text on its way to its front end.

    `file` is what findings name, `name` which part of it this is. `offset` is where the part's first line stands in
    the file, and by how many columns each of its lines is indented there; a part that was packed has lines of its own,
    and one that a template made has `rendered`. `format` is the name of its format when that is told beside it.
    `asked_at` is where the container asks for it, `identity` what tells that it is the same one again.
    """

    file: str
    data: bytes
    name: str | None = None
    offset: Mark = Mark(0, 0)
    rendered: Rendered | None = None
    format: str | None = None
    asked_at: Mark = Mark(0, 0)
    identity: str | None = None


class Unpacked(Struct, frozen=True):
    """The parts in the order in which they count: of what two of them say, the later one holds.

    `problems` are about the container itself, at marks of its text.
    """

    parts: tuple[Part, ...]
    problems: tuple[NodeProblem, ...] = ()


class Surroundings(Struct, frozen=True):
    """What a container may reach: other texts, and what is known about the machine (None: not known here, so that
    what needs it is left out).
    """

    resolver: Resolver | None
    instance: Callable[[], Instance] | None = dict


Unpack = Callable[[Part, Surroundings], Unpacked]
"""What the module of a container has as `unpack`. Raises TextError for what cannot be unpacked at all."""


def inside(container: Part, data: bytes, name: str, offset: Mark | None) -> Part:
    """A part of a container that may be a part itself. Without an offset, it was packed."""
    whole = f"{container.name}, {name}" if container.name else name
    if offset is None:
        return Part(container.file, data, whole)
    if container.rendered is not None:
        rendered = container.rendered.below(offset.line)
        return Part(container.file, data, whole, container.offset, rendered, asked_at=offset)
    line, column = container.offset.line + offset.line, container.offset.column + offset.column
    return Part(container.file, data, whole, Mark(line, column), asked_at=offset)


def at(problem: Problem, mark: Mark) -> NodeProblem:
    """A problem of a container, at a mark of its text."""
    return NodeProblem(
        problem.code,
        problem.place,
        problem.message,
        mark,
        problem.hint,
        problem.severity,
        sensitive=problem.sensitive,
    )


def named(part: Part, format_name: str | None) -> Part:
    """With the format that stands beside it."""
    return structs.replace(part, format=format_name)
