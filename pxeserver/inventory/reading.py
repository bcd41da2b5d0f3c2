"""One YAML file of the inventory: bytes in, its typed content and everything that is wrong with it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import structs
from yaml.nodes import MappingNode, SequenceNode

from provision.findings import Finding, Problem
from provision.formats.locate import Layout, Problems, Source, located, text_finding
from provision.formats.nodes import Plain, pairs
from provision.formats.source import TextError, decode
from provision.formats.tree import parse
from pxeserver.inventory.shapes import FILES, file_schema

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Written(Generic[Shape]):
    """`content` is None when there is something wrong with the file's form. `lines` is where each key is, those in
    `vars` as `vars.NAME`."""

    file: str
    data: bytes
    content: Shape | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    findings: tuple[Finding, ...] = ()

    def all_findings(self, more: tuple[Problem, ...] = ()) -> tuple[Finding, ...]:
        """With `more` that is wrong with what the file says."""
        problems = structs.replace(self.problems, whole=(*self.problems.whole, *more))
        if not (problems.whole or problems.nodes):
            return self.findings
        # The nodes of ten thousand good files would only be in the way of the garbage collector.
        root = parse(decode(self.data)).root
        return located(Layout(root, (Source(self.file, self.data, root),), problems=problems))


def read_file(data: bytes, file: str, kind: str, shape: type[Shape]) -> Written[Shape]:
    """A file of one of the kinds in `FILES`."""
    try:
        tree = parse(decode(data))
    except TextError as problem:
        if problem.code in ("empty", "wrong-type"):
            problem = TextError(problem.code, f"a {kind} is a mapping", problem.mark, _example(kind))
        return Written(file, data, findings=(text_finding(problem, Source(file, data, None)),))
    if tree.problems:
        return Written(file, data, problems=Problems(nodes=tuple((0, problem) for problem in tree.problems)))
    try:
        return Written(file, data, msgspec.convert(tree.data, shape), _lines(tree.root))
    except msgspec.ValidationError as failure:
        return Written(file, data, problems=Problems(whole=_shape_problems(tree.data, kind, str(failure))))


def _lines(root: MappingNode) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for key, value in pairs(root):
        found[key.value] = key.start_mark.line + 1
        if key.value == "vars" and isinstance(value, MappingNode):
            found |= {f"vars.{name.value}": name.start_mark.line + 1 for name, _ in pairs(value)}
        elif isinstance(value, SequenceNode):
            items = enumerate(value.value)
            found |= {f"{key.value}[{index}]": item.start_mark.line + 1 for index, item in items}
    return found


def _shape_problems(data: Plain, kind: str, message: str) -> tuple[Problem, ...]:
    from provision.formats import shape  # not at the top: it brings jsonschema, which good files do not need

    return tuple(shape.explain(data, _schema(kind))) or (shape.from_message(message),)


@cache
def _schema(kind: str) -> dict[str, Any]:
    return file_schema(kind)


def _example(kind: str) -> str:
    (key, *_) = [field.name for field in msgspec.structs.fields(FILES[kind]) if field.required]
    return f"it begins with `{key}:`"
