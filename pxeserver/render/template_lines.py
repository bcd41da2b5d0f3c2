"""Which line of a template made a part of the result, and which variables that line used."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import nodes

from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.templates import ENVIRONMENT, FAILURES, KEPT_TEMPLATES, TOO_LARGE, scoped

# No config holds NUL, and no filter that works line by line or word by word sees an end in it.
_MARK = re.compile("\0([0-9]+v?)\0")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the result begins at `offset`: the text of a line of the template, or a value put into it."""

    offset: int
    line: int
    is_value: bool


@dataclass(frozen=True, slots=True)
class LineMap:
    """The rendered text and its pieces, in order."""

    text: str
    pieces: tuple[Piece, ...]

    def piece_at(self, line: int, column: int) -> Piece:
        """Lines and columns count from 1."""
        rendered = self.text.splitlines(keepends=True)
        offset = sum(map(len, rendered[: line - 1])) + column - 1
        number = bisect_right(self.pieces, offset, key=lambda piece: piece.offset)
        return self.pieces[max(0, number - 1)] if self.pieces else Piece(0, 1, is_value=False)


def line_map(template: ConfigTemplate, variables: Mapping[str, object], text: str) -> LineMap | None:
    """None when the template looks at what it has made itself, so that a marked result is another one."""
    try:
        marked = _marking(template).render(scoped(variables))
    except (*FAILURES, *TOO_LARGE):
        return None
    found = _read_marks(marked)
    return found if found.text == text else None


@lru_cache(maxsize=KEPT_TEMPLATES)
def _marking(template: ConfigTemplate) -> jinja2.Template:
    """The template that also says which of its lines each piece of the result is from."""
    tree = ENVIRONMENT.parse(template.text)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [part for node in output.nodes for part in _marked(node)]
    code = ENVIRONMENT.compile(tree, filename=template.file)
    return jinja2.Template.from_code(ENVIRONMENT, code, dict(ENVIRONMENT.globals))


@lru_cache(maxsize=KEPT_TEMPLATES)
def variables_in_line(template: ConfigTemplate, line: int) -> tuple[str, ...]:
    """Names such as `vars.gateway`, in order; a loop's variable stands for what the loop goes through."""
    tree = ENVIRONMENT.parse(template.text)
    behind: dict[str, tuple[str, ...]] = {}
    for loop in tree.find_all(nodes.For):
        for target in _names(loop.target):
            behind[target] = tuple(_names(loop.iter))
    for assignment in tree.find_all(nodes.Assign):
        for target in _names(assignment.target):
            behind[target] = tuple(_names(assignment.node))
    used: dict[str, None] = {}
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if node.lineno == line and not isinstance(node, nodes.TemplateData):
                used |= dict.fromkeys(_resolved(_names(node), behind))
    return tuple(used)


def _marked(node: nodes.Expr) -> Iterator[nodes.Expr]:
    if not isinstance(node, nodes.TemplateData):
        yield _mark(f"{node.lineno}v")
        yield node
        return
    for number, piece in enumerate(node.data.splitlines(keepends=True)):
        yield _mark(f"{node.lineno + number}")
        yield nodes.TemplateData(piece)


def _mark(what: str) -> nodes.TemplateData:
    return nodes.TemplateData(f"\0{what}\0")


def _read_marks(marked: str) -> LineMap:
    text = ""
    pieces = []
    for number, part in enumerate(_MARK.split(marked)):
        if number % 2:  # what the pattern caught
            pieces.append(Piece(len(text), int(part.rstrip("v")), part.endswith("v")))
        else:
            text += part
    return LineMap(text, tuple(pieces))


def _names(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield node.name
    elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        yield f"{node.node.name}.{node.attr}"
    elif isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name):
        key = f".{node.arg.value}" if isinstance(node.arg, nodes.Const) else ""
        yield f"{node.node.name}{key}"
    else:
        for child in node.iter_child_nodes():
            yield from _names(child)


def _resolved(names: Iterator[str], behind: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name in names:
        root = name.partition(".")[0]
        # Only one step at a time is taken out of the table, so that names defined by each other end.
        rest = {key: value for key, value in behind.items() if key != root}
        if root in behind:
            yield from _resolved(iter(behind[root]), rest)
        else:
            yield name
