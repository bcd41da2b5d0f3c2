"""`#cloud-config-archive`: a YAML list of parts, each with its type or a first line that says what it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.findings import Problem, did_you_mean, error
from provision.formats.containers.types import in_order, typed
from provision.formats.nodes import TAG, Construction, NodeProblem, pairs, start_of
from provision.formats.parts import Part, Surroundings, Unpacked, at, inside
from provision.formats.source import LINE_BREAK, Mark, TextError, decode
from provision.formats.tree import document

KEYS = ("content", "filename", "launch-index", "type")
BINARY_TAG = f"{TAG}binary"


def unpack(part: Part, _surroundings: Surroundings) -> Unpacked:
    text = decode(part.data)
    root = document(text)
    if not isinstance(root, SequenceNode):
        mark = Mark(0, 0) if root is None else start_of(root)
        raise TextError("wrong-type", "expected a list of parts", mark, "begin each item with '- '")
    construction = Construction()
    construction.make(_without_binary(root))
    if construction.problems:
        return Unpacked((), tuple(construction.problems))
    lines = LINE_BREAK.split(text)
    parts: list[Part] = []
    problems: list[NodeProblem] = []
    for number, item in enumerate(root.value, 1):
        for found in _parts(item, number, part, lines):
            if isinstance(found, Part):
                parts.append(found)
            else:
                problems.append(found)
    return Unpacked(in_order(parts), tuple(problems))


def _parts(item: Node, number: int, container: Part, lines: list[str]) -> Iterator[Part | NodeProblem]:
    """At most one; and what is wrong with it."""
    fields = {key.value: value for key, value in pairs(item)} if isinstance(item, MappingNode) else {}
    for key in fields.keys() - set(KEYS):
        hint = did_you_mean(key, KEYS) or f"known here: {', '.join(KEYS)}"
        yield at(error("unknown-key", (), f"unknown key {key!r}", hint), start_of(fields[key]))
    if "launch-index" in fields:
        message = "'launch-index' is not carried out: machines that are started together are not told apart"
        yield at(error("not-carried", (), message, "remove it"), start_of(fields["launch-index"]))
    content = item if isinstance(item, ScalarNode) else fields.get("content")
    if not isinstance(content, ScalarNode):
        yield at(error("wrong-type", (), "expected text, or a mapping with content"), start_of(item))
        return
    kind, filename = fields.get("type"), fields.get("filename")
    name = f"part {number}" + (f", {filename.value}" if isinstance(filename, ScalarNode) else "")
    made = _made(content, name, container, lines)
    if isinstance(made, Problem):
        yield at(made, start_of(content))
        return
    found = typed(made, str(kind.value) if isinstance(kind, ScalarNode) else "text/cloud-config")
    yield found.part if found.problem is None else at(found.problem, start_of(kind or item))


def _made(content: ScalarNode, name: str, container: Part, lines: list[str]) -> Part | Problem:
    if content.tag == BINARY_TAG:
        try:
            return inside(
                container, base64.b64decode("".join(content.value.split()), validate=True), name, None
            )
        except ValueError:
            return error("base64", (), f"{name} is no base64")
    if not content.value.strip():
        return error("empty", (), f"{name} is empty")
    return inside(container, content.value.encode(), name, _offset(content, lines))


def _offset(content: ScalarNode, lines: list[str]) -> Mark | None:
    """Only the lines of a block (`|`) are lines of the file, each behind the same indentation."""
    if content.style != "|":
        return None
    first = content.start_mark.line + 1
    blank = next((count for count, line in enumerate(content.value.split("\n")) if line.strip()), 0)
    written, meant = lines[first + blank], content.value.split("\n")[blank]
    return Mark(first, len(written) - len(meant))


def _without_binary(root: SequenceNode) -> SequenceNode:
    """For the checks that know no such tag."""
    items = [
        MappingNode(
            item.tag, [(key, _plain(value)) for key, value in item.value], item.start_mark, item.end_mark
        )
        if isinstance(item, MappingNode)
        else item
        for item in root.value
    ]
    return SequenceNode(root.tag, items, root.start_mark, root.end_mark)


def _plain(value: Node) -> Node:
    if isinstance(value, ScalarNode) and value.tag == BINARY_TAG:
        return ScalarNode(f"{TAG}str", value.value, value.start_mark, value.end_mark)
    return value
