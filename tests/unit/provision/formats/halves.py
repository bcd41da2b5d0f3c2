"""A container for the tests: parts between lines of `%%`, each line of a part indented by two columns."""

from __future__ import annotations

from provision.formats.nodes import NodeProblem
from provision.formats.parts import Part, Surroundings, Unpacked, inside
from provision.formats.source import Mark, TextError

MAGIC = b"%%\n"


def is_halves(data: bytes) -> bool:
    return data.startswith(MAGIC)


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    if not part.data.endswith(b"\n"):
        raise TextError("yaml", "the last line has no end", Mark(0, 1))
    parts: list[list[str]] = []
    starts: list[int] = []
    for number, line in enumerate(part.data.decode().splitlines(keepends=True)):
        if line == "%%\n":
            parts.append([])
            starts.append(number + 1)
        else:
            parts[-1].append(line[2:])
    texts = ["".join(lines).encode() for lines in parts]
    made = tuple(
        inside(part, text, f"part {number}", Mark(start, 2))
        for number, (text, start) in enumerate(zip(texts, starts, strict=True), 1)
        if text
    )
    empty = tuple(
        NodeProblem("empty", (), "the part holds no config", Mark(start - 1, 0))
        for text, start in zip(texts, starts, strict=True)
        if not text
    )
    return Unpacked(made, empty)
