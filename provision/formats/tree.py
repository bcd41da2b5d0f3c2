"""Text to one tree of YAML nodes, and the plain data they make."""

from __future__ import annotations

import re

import yaml
from msgspec import Struct
from yaml._yaml import Mark as CMark
from yaml.nodes import MappingNode, Node, ScalarNode

from provision.formats.nodes import Construction, NodeProblem, Plain, start_of
from provision.formats.source import Mark, TextError, mark_at

MAX_DEPTH = 32  # the language needs 7; libyaml's composer recurses in C and would overrun the stack


class Tree(Struct, frozen=True):
    """A file that is YAML: its nodes and the plain data they make."""

    root: MappingNode
    data: Plain
    problems: tuple[NodeProblem, ...]


def parse(text: str) -> Tree:
    """Raises TextError for what is no YAML, or none that holds one mapping."""
    root = document(text)
    if root is None or (isinstance(root, ScalarNode) and root.tag.endswith(":null")):
        hint = "a config names at least one section, for example `hostname: node1`"
        raise TextError("empty", "the file holds no config", hint=hint)
    if not isinstance(root, MappingNode):
        hint = "a config is a mapping of sections, for example `hostname: node1`"
        raise TextError("wrong-type", "expected a mapping of sections", start_of(root), hint)
    construction = Construction()
    data, _ = construction.make(root)
    return Tree(root, data, tuple(construction.problems))


def document(text: str) -> Node | None:
    """The one document in the text, whatever it is; None when there is none. Raises TextError for what is no YAML."""
    try:
        _check_depth(text)
        root: Node | None = yaml.CSafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as problem:
        raise _syntax_error(problem, text) from problem
    except yaml.YAMLError as problem:
        raise TextError("yaml", f"no YAML: {problem}") from problem
    return root


# More brackets, or a longer run of indentation and dashes, than any depth within the limit needs.
MAYBE_DEEP = re.compile(rf"^[ \t?:-]{{{MAX_DEPTH * 2}}}", re.MULTILINE)
# The same run anywhere in a line, which is found ten times as fast.
AS_SPACES = bytes.maketrans(b"\t?:-", b"    ")
LONG_RUN = b" " * (MAX_DEPTH * 2)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") < MAX_DEPTH and not (
        LONG_RUN in text.encode().translate(AS_SPACES) and MAYBE_DEEP.search(text)
    ):
        return  # cannot be deep: every level needs a bracket or two columns
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise TextError("too-deep", f"nested more than {MAX_DEPTH} levels deep", _mark(event.start_mark))


def _mark(found: yaml.Mark | CMark | None) -> Mark:
    return Mark(found.line, found.column) if found else Mark(0, 0)


def _syntax_error(problem: yaml.MarkedYAMLError, text: str) -> TextError:
    mark, end = _mark(problem.problem_mark or problem.context_mark), mark_at(text)
    if mark.line > end.line:  # libyaml sees a line after the last one, even when nothing ends that
        mark = end
    message = problem.problem or "cannot be read"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "single document" in str(problem.context):
        return TextError("several-documents", "a config is one YAML document; a second begins here", mark)
    if "cannot start any token" in message and line[mark.column : mark.column + 1] == "\t":
        return TextError("tab", "YAML is not indented with tabs", mark, "use spaces")
    if "undefined alias" in message:
        return TextError("undefined-alias", "an alias without its anchor", mark)
    if "mapping values are not allowed" in message:
        return TextError("yaml", message, mark, "put quotes around text that contains ': '")
    return TextError("yaml", message, mark)
