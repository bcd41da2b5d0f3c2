"""One YAML file of the operator, read field by field; every finding knows its line and column."""

from __future__ import annotations

import re
from typing import Any

import yaml

from provision.findings import Finding, Severity, did_you_mean

# YAML 1.1 reads 12:34:56 as a number to the base 60: a MAC address or a time becomes nonsense without a word.
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-9]+)+")


class Source:
    """A file's name and lines, and the findings about it so far."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._lines = data.decode(errors="replace").split("\n")

    def report(
        self, code: str, mark: yaml.Mark | None, path: str, message: str, *, hint: str | None = None
    ) -> None:
        line, column = (mark.line, mark.column) if mark else (0, 0)
        excerpt = self._lines[line] if line < len(self._lines) else None
        self.findings.append(
            Finding(
                severity=Severity.ERROR,
                code=code,
                path=path,
                file=self.file,
                line=line + 1,
                column=column + 1,
                message=message,
                hint=hint,
                excerpt=excerpt,
            )
        )


class Table:
    """A mapping whose fields are asked for by name and type; what nobody asks for is reported by `finish`."""

    def __init__(self, source: Source, loader: yaml.CSafeLoader, node: yaml.MappingNode, path: str) -> None:
        self._source = source
        self._loader = loader
        self._node = node
        self._path = path
        self._values: dict[str, yaml.Node] = {}
        self._keys: dict[str, yaml.Node] = {}
        self._asked: list[str] = []
        for key, value in node.value:
            name = str(key.value)
            if name in self._values:
                source.report("duplicate-key", key.start_mark, self.path(name), f"{name!r} appears twice")
            self._values[name] = value
            self._keys[name] = key

    @property
    def file(self) -> str:
        return self._source.file

    @property
    def is_valid(self) -> bool:
        return not self._source.findings

    def path(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def report(self, code: str, key: str | None, message: str, *, hint: str | None = None) -> None:
        """Reports a problem with the value of `key`, or with the whole table."""
        node = self._values.get(key, self._node) if key else self._node
        self._source.report(code, node.start_mark, self.path(key) if key else self._path, message, hint=hint)

    def has(self, key: str) -> bool:
        return self._node_of(key) is not None

    def is_list(self, key: str) -> bool:
        return isinstance(self._node_of(key), yaml.SequenceNode)

    def text(self, key: str, *, required: bool = False) -> str | None:
        """A scalar as it is written; also 12:34:56 or 0123, which YAML would take for numbers."""
        node = self._node_of(key, required=required)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.report("wrong-type", key, "text is needed here")
            return None
        return str(node.value)

    def required_text(self, key: str) -> str:
        """As `text`; the empty text stands for what has been reported as missing."""
        return self.text(key, required=True) or ""

    def texts(self, key: str) -> tuple[str, ...]:
        node = self._node_of(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode) and all(isinstance(n, yaml.ScalarNode) for n in node.value):
            return tuple(str(item.value) for item in node.value)
        self.report("wrong-type", key, "a list of text is needed here")
        return ()

    def number(self, key: str, *, least: int, most: int) -> int | None:
        node = self._node_of(key)
        if node is None:
            return None
        value = self._construct(node)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.report("wrong-value", key, f"a whole number from {least} to {most} is needed here")
            return None
        return value

    def table(self, key: str) -> Table | None:
        node = self._node_of(key)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.report("wrong-type", key, "a mapping is needed here")
            return None
        return Table(self._source, self._loader, node, self.path(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of mappings."""
        node = self._node_of(key)
        if node is None:
            return ()
        if isinstance(node, yaml.SequenceNode) and all(isinstance(n, yaml.MappingNode) for n in node.value):
            path = self.path(key)
            return tuple(
                Table(self._source, self._loader, item, f"{path}[{number}]")
                for number, item in enumerate(node.value)
            )
        self.report("wrong-type", key, "a list of mappings is needed here")
        return ()

    def variables(self, key: str) -> dict[str, object]:
        """Free-form data under text keys."""
        node = self._node_of(key)
        if node is None:
            return {}
        value = self._construct(node) if isinstance(node, yaml.MappingNode) else None
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self.report("wrong-type", key, "a mapping with text keys is needed here")
            return {}
        return value

    def finish(self) -> None:
        """Reports every key that was never asked for, with a suggestion."""
        choices = set(self._asked)
        for name, node in self._keys.items():
            if name not in choices:
                hint = did_you_mean(name, choices) or f"known here: {', '.join(sorted(choices))}"
                message = f"unknown key {name!r}"
                self._source.report("unknown-key", node.start_mark, self.path(name), message, hint=hint)

    def _node_of(self, key: str, *, required: bool = False) -> yaml.Node | None:
        self._asked.append(key)
        node = self._values.get(key)
        if node is not None and node.tag != "tag:yaml.org,2002:null":
            return node
        if required:
            self.report("missing-key", None, f"{key!r} is missing")
        return None

    def _construct(self, node: yaml.Node) -> object:
        try:
            return self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, TypeError) as problem:
            self._source.report("yaml", node.start_mark, self._path, f"cannot be read: {problem}")
            return None


def read_table(source: Source, data: bytes) -> Table | None:
    """The mapping that is the file's content; None when the file is no such thing, which is then reported."""
    try:
        loader = yaml.CSafeLoader(data)
        node = loader.get_single_node()
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        source.report("yaml", mark, "", str(getattr(problem, "problem", None) or problem))
        return None
    if node is None:
        node = yaml.MappingNode("tag:yaml.org,2002:map", [])
    if not isinstance(node, yaml.MappingNode):
        source.report("wrong-type", node.start_mark, "", "a mapping is needed here")
        return None
    _check_nodes(source, node, "", set())
    return Table(source, loader, node, "")


def _check_nodes(source: Source, node: Any, path: str, seen: set[int]) -> None:
    """Reports what YAML would accept silently: keys twice in nested mappings, and numbers to the base 60."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            if path and str(key.value) in names:
                source.report("duplicate-key", key.start_mark, inner, f"{key.value!r} appears twice")
            names.add(str(key.value))
            _check_nodes(source, value, inner, seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _check_nodes(source, value, f"{path}[{number}]", seen)
    elif path.startswith("vars") and node.tag.endswith(":int") and _SEXAGESIMAL.fullmatch(node.value):
        hint = f'write "{node.value}"'
        source.report("yaml", node.start_mark, path, f"YAML reads {node.value} as a number", hint=hint)
