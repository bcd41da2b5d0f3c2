"""One YAML file of the inventory: bytes in, its typed content and everything that is wrong with it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from yaml.nodes import MappingNode

from provision.findings import Finding, Problem
from provision.formats.locate import Layout, Problems, Source, located, text_finding
from provision.formats.nodes import NodeProblem, Plain, pairs
from provision.formats.source import TextError, decode
from provision.formats.tree import parse
from pxeserver.inventory.shapes import FILES, file_schema

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Written(Generic[Shape]):
    """`content` is None when there is something wrong with the file's form; `layout` when it is no YAML."""

    file: str
    content: Shape | None
    layout: Layout | None = None
    nodes: tuple[NodeProblem, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()

    def all_findings(self, more: Iterable[Problem] = ()) -> tuple[Finding, ...]:
        """With `more` that somebody else has found in this file."""
        whole = (*self.problems, *more)
        if self.layout is None or not (whole or self.nodes):
            return self.findings
        return located(
            self.layout, Problems(whole=whole, nodes=tuple((0, problem) for problem in self.nodes))
        )

    def lines(self) -> Mapping[str, int]:
        """The line of each key, those in `vars` as `vars.NAME`."""
        found: dict[str, int] = {}
        root = self.layout.root if self.layout else None
        for key, value in pairs(root) if isinstance(root, MappingNode) else ():
            found[key.value] = key.start_mark.line + 1
            if key.value == "vars" and isinstance(value, MappingNode):
                found |= {f"vars.{name.value}": name.start_mark.line + 1 for name, _ in pairs(value)}
        return found


def read_file(data: bytes, file: str, kind: str, shape: type[Shape]) -> Written[Shape]:
    """A file of one of the kinds in `FILES`."""
    try:
        tree = parse(decode(data))
    except TextError as problem:
        if problem.code in ("empty", "wrong-type"):
            problem = TextError(problem.code, f"a {kind} is a mapping", problem.mark, _example(kind))
        return Written(file, None, findings=(text_finding(problem, data, file),))
    layout = Layout(tree.root, (Source(file, data, tree.root),))
    if tree.problems:
        return Written(file, None, layout, nodes=tree.problems)
    try:
        return Written(file, msgspec.convert(tree.data, shape), layout)
    except msgspec.ValidationError as failure:
        return Written(file, None, layout, problems=_shape_problems(tree.data, kind, str(failure)))


def _shape_problems(data: Plain, kind: str, message: str) -> tuple[Problem, ...]:
    from provision.formats import shape  # not at the top: it brings jsonschema, which good files do not need

    return tuple(shape.explain(data, _schema(kind))) or (shape.from_message(message),)


@cache
def _schema(kind: str) -> dict[str, Any]:
    return file_schema(kind)


def _example(kind: str) -> str:
    (key, *_) = [field.name for field in msgspec.structs.fields(FILES[kind]) if field.required]
    return f"it begins with `{key}:`"
