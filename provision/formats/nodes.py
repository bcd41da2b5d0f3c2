"""YAML nodes to plain data, strictly, and config paths back to their place in the text.

PyYAML's own constructors follow YAML 1.1 where it surprises: `52:54:00:12:34:56` becomes a number in base 60,
`0644` becomes 420, a date a date object, and of two equal keys one is lost. Here a scalar is text unless it
is plainly something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.findings import Place, Severity
from provision.formats.source import Mark, Span

MAX_VALUES = 100_000  # 1 MiB of YAML has fewer; only aliases of aliases make more

TAG = "tag:yaml.org,2002:"
MERGE_TAG = f"{TAG}merge"
TEXT_TAG = f"{TAG}str"
KNOWN_TAGS = frozenset(
    f"{TAG}{name}"
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
)
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
TRUE_WORDS = ("yes", "true", "on")

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


class NodeProblem(Struct, frozen=True):
    """Something that only the YAML shows: a key written twice, a tag, a loop of aliases."""

    code: str
    place: Place
    message: str
    mark: Mark
    hint: str | None = None
    severity: Severity = Severity.ERROR
    sensitive: bool = False


class Work(Struct):
    """How much merging was done for a tree: every merge is looked at, and every pair of what is merged."""

    done: int = 0

    @property
    def is_too_much(self) -> bool:
        return self.done > MAX_VALUES


class Construction(Struct):
    """Plain data made from one tree of nodes. Equal nodes (aliases) become the same object."""

    problems: list[NodeProblem] = field(default_factory=list)
    _made: dict[int, tuple[Plain, int]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _work: Work = field(default_factory=Work)

    def make(self, node: Node, place: Place = ()) -> tuple[Plain, int]:
        """The value and how many values it counts for with all aliases written out."""
        if isinstance(node, ScalarNode) and node.tag in KNOWN_TAGS:
            return scalar_value(node), 1
        known = self._made.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            self._report("alias-loop", place, "an alias refers to what it is part of", node)
            return None, 1
        self._open.add(id(node))
        made = self._make_new(node, place)
        self._open.discard(id(node))
        self._made[id(node)] = made
        return made

    def _make_new(self, node: Node, place: Place) -> tuple[Plain, int]:
        if node.tag not in KNOWN_TAGS:
            hint = "remove the tag"
            self._report("unsupported-tag", place, f"YAML tag {node.tag!r} is not supported", node, hint)
            return None, 1
        if isinstance(node, MappingNode):
            return self._make_mapping(node, place)
        if isinstance(node, SequenceNode):
            made = [self.make(item, (*place, index)) for index, item in enumerate(node.value)]
            return [value for value, _ in made], self._bounded(
                1 + sum(count for _, count in made), node, place
            )
        return None, 1

    def _make_mapping(self, node: MappingNode, place: Place) -> tuple[Plain, int]:
        self._check_keys(node, place)
        result: dict[str, Plain] = {}
        total = 1
        for key, value in pairs(node, work=self._work):
            made, count = self.make(value, (*place, key.value))
            result.setdefault(key.value, made)
            total += count
        return result, self._bounded(max(total, self._work.done), node, place)

    def _check_keys(self, node: MappingNode, place: Place) -> None:
        seen: dict[str, ScalarNode] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._report("key-not-text", place, "a key must be text", key)
                continue
            hint = None
            if key.tag == MERGE_TAG:
                self._check_merge(value, place)
                hint = "merge several mappings with one key: <<: [*first, *second]"
            if key.value in seen:
                first = start_of(seen[key.value]).line + 1
                message = f"key {key.value!r} is there twice, first in line {first}"
                self._report("duplicate-key", (*place, key.value), message, key, hint)
            seen.setdefault(key.value, key)

    def _check_merge(self, value: Node, place: Place) -> None:
        sources = value.value if isinstance(value, SequenceNode) else [value]
        for source in sources:
            if not isinstance(source, MappingNode):
                self._report("merge", place, "only mappings can be merged with <<", source)
            elif id(source) in self._open:
                self._report("alias-loop", place, "an alias refers to what it is part of", source)
            else:
                self.make(source, place)  # its own problems; what it holds comes in with the pairs

    def _bounded(self, count: int, node: Node, place: Place) -> int:
        if count > MAX_VALUES and not any(problem.code == "too-many-aliases" for problem in self.problems):
            message = f"aliases make more than {MAX_VALUES} values of this"
            self._report("too-many-aliases", place, message, node)
        return min(count, MAX_VALUES + 1)

    def _report(self, code: str, place: Place, message: str, node: Node, hint: str | None = None) -> None:
        self.problems.append(NodeProblem(code, place, message, start_of(node), hint))


def scalar_value(node: ScalarNode) -> Plain:
    """Text, unless it is plainly null, true or false (in any of YAML 1.1's words), or a decimal number."""
    text: str = node.value
    if node.tag == TEXT_TAG:
        return text
    kind = node.tag.removeprefix(TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in TRUE_WORDS
    if kind == "int" and INTEGER.fullmatch(text):
        return int(text)
    if kind == "float" and FLOAT.fullmatch(text):
        return float(text)
    return text


def pairs(
    node: MappingNode, _merged: set[int] | None = None, *, work: Work | None = None
) -> Iterator[tuple[ScalarNode, Node]]:
    """Keys and values, the mapping's own before merged ones: the first of equal keys is what counts.

    A mapping merged again adds nothing, so each counts once: that ends loops, and merges of merges of merges.
    With `work`, it ends when that becomes too much; a tree that was made without is known to be harmless.
    """
    merged = {id(node)} if _merged is None else _merged
    sources: list[Node] = []
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.tag != MERGE_TAG:
            yield key, value
        elif isinstance(key, ScalarNode):
            sources += value.value if isinstance(value, SequenceNode) else [value]
    for source in sources:
        if work is not None:
            if work.is_too_much:
                return
            work.done += 1
        if isinstance(source, MappingNode) and id(source) not in merged:
            merged.add(id(source))
            if work is not None:
                work.done += len(source.value)
            yield from pairs(source, merged, work=work)


def find(root: Node, place: Place) -> tuple[Node | None, Node]:
    """The key node (None in lists) and value node at a place, or at the deepest part of it that exists."""
    key: Node | None = None
    node = root
    for part in place:
        if isinstance(node, MappingNode):
            found = _own(node, part) or next((pair for pair in pairs(node) if pair[0].value == part), None)
            if found is None:
                break
            key, node = found
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            key, node = None, node.value[part]
        else:
            break
    return key, node


def _own(node: MappingNode, name: str | int) -> tuple[ScalarNode, Node] | None:
    """As `pairs` gives it first, found in a third of the time: a plan asks for each of its steps."""
    for key, value in node.value:
        if key.value == name and key.tag == TEXT_TAG:
            return key, value
    return None


def exists(root: Node, place: Place) -> bool:
    """Whether the config has something written at exactly this place."""
    if not place:
        return True
    _, parent = find(root, place[:-1])
    _, node = find(root, place)
    return node is not parent


def secret_spans(root: Node, names: frozenset[str]) -> Iterator[Span]:
    """Where the values of these keys are written."""
    return map(span_of, secret_values(root, names))


def secret_values(root: Node, names: frozenset[str]) -> Iterator[Node]:
    """The values of these keys, at any depth and also where they do not belong."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        children = []
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if isinstance(key, ScalarNode) and key.value in names:
                    yield value
                children += [key, value]
        elif isinstance(node, SequenceNode):
            children = node.value
        waiting += [child for child in children if id(child) not in seen]
        seen.update(id(child) for child in children)


def start_of(node: Node) -> Mark:
    return Mark(node.start_mark.line, node.start_mark.column)


def span_of(node: Node) -> Span:
    return Span(start_of(node), Mark(node.end_mark.line, node.end_mark.column))
