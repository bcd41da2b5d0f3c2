"""JSON text (RFC 8259) to one tree of YAML nodes with marks.

YAML's own parser does not take all JSON: not tabs between tokens, not `\\ud83d\\ude00`, no key beyond 1024 characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from json import JSONDecodeError, JSONDecoder

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.formats.nodes import TAG, Construction
from provision.formats.source import LINE_BREAK, Mark, TextError
from provision.formats.tree import MAX_DEPTH, Tree

STRINGS = JSONDecoder()
BLANKS = re.compile(r"[ \t\r\n]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
WORDS = {"true": "bool", "false": "bool", "null": "null"}
WORD = re.compile(r"[A-Za-z]+")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str) -> Tree:
    """Raises TextError for what is no JSON, or none that is one object."""
    reader = _Reader(text)
    if not text.strip(" \t\r\n"):
        raise TextError("empty", "the file holds no config")
    root = reader.value(0)
    reader.end()
    if not isinstance(root, MappingNode):
        raise TextError(
            "wrong-type", "expected an object", Mark(root.start_mark.line, root.start_mark.column)
        )
    construction = Construction()
    data, _ = construction.make(root)
    return Tree(root, data, tuple(construction.problems))


class _Reader:
    """The text, and how far it is read. Depth is bounded, so recursion is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines = [0, *(found.end() for found in LINE_BREAK.finditer(text))]

    def value(self, depth: int) -> Node:
        self._skip_blanks()
        start = self._at
        char = self._text[start : start + 1]
        if char in ("{", "["):
            if depth == MAX_DEPTH:
                raise TextError("too-deep", f"nested more than {MAX_DEPTH} levels deep", self._here())
            self._at += 1
            return self._object(start, depth) if char == "{" else self._array(start, depth)
        if char == '"':
            return self._string()
        if found := NUMBER.match(self._text, start):
            return self._scalar(found, "float" if found[1] or found[2] else "int")
        found = WORD.match(self._text, start)
        if found and found[0] in WORDS:
            return self._scalar(found, WORDS[found[0]])
        raise self._error("expected a value" if char else "the text ends where a value is expected")

    def end(self) -> None:
        self._skip_blanks()
        if self._at < len(self._text):
            raise self._error("expected the end of the text")

    def _object(self, start: int, depth: int) -> MappingNode:
        pairs: list[tuple[Node, Node]] = []
        while not self._closes("}", bool(pairs)):
            self._skip_blanks()
            if self._text[self._at : self._at + 1] != '"':
                raise self._error("expected a key in quotes")
            key = self._string()
            self._skip_blanks()
            if self._text[self._at : self._at + 1] != ":":
                raise self._error("expected ':' after a key")
            self._at += 1
            pairs.append((key, self.value(depth + 1)))
        return MappingNode(f"{TAG}map", pairs, self._mark(start), self._mark(self._at))

    def _array(self, start: int, depth: int) -> SequenceNode:
        items: list[Node] = []
        while not self._closes("]", bool(items)):
            items.append(self.value(depth + 1))
        return SequenceNode(f"{TAG}seq", items, self._mark(start), self._mark(self._at))

    def _closes(self, bracket: str, after_one: bool) -> bool:
        """Whether the object or array ends here; takes the bracket, or the comma before the next one."""
        self._skip_blanks()
        char = self._text[self._at : self._at + 1]
        if char == bracket:
            self._at += 1
            return True
        if after_one:
            if char != ",":
                raise self._error(f"expected ',' or '{bracket}'")
            self._at += 1
            self._skip_blanks()
            if self._text[self._at : self._at + 1] == bracket:
                raise self._error(f"a comma before '{bracket}'", hint="remove the comma")
        return False

    def _string(self) -> ScalarNode:
        start = self._at
        try:
            value, self._at = STRINGS.raw_decode(self._text, start)
        except JSONDecodeError as problem:
            self._at = problem.pos
            reason = problem.msg.lower().removesuffix(" at").removesuffix(" starting")
            raise self._error(reason) from problem
        if LONE_SURROGATE.search(value):
            self._at = start
            raise self._error("half of a surrogate pair is no character")
        return ScalarNode(f"{TAG}str", value, self._mark(start), self._mark(self._at), style='"')

    def _scalar(self, found: re.Match[str], kind: str) -> ScalarNode:
        self._at = found.end()
        return ScalarNode(f"{TAG}{kind}", found[0], self._mark(found.start()), self._mark(self._at))

    def _skip_blanks(self) -> None:
        found = BLANKS.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _mark(self, index: int) -> yaml.Mark:
        line = bisect_right(self._lines, index) - 1
        return yaml.Mark("", index, line, index - self._lines[line], None, 0)

    def _error(self, message: str, hint: str | None = None) -> TextError:
        return TextError("json", message, self._here(), hint)

    def _here(self) -> Mark:
        mark = self._mark(min(self._at, len(self._text)))
        return Mark(mark.line, mark.column)
