"""A config and all that it includes, as one tree of nodes that still knows where each of them was written.

Only imported when a config includes something.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct
from yaml.nodes import MappingNode, Node, SequenceNode

from provision.findings import Finding, Place, Problem, Severity, error
from provision.formats.locate import Layout, Problems, Source, text_finding
from provision.formats.merge import merge
from provision.formats.nodes import Construction, NodeProblem, Plain
from provision.formats.source import MAX_CONFIG_BYTES, TextError, decode
from provision.formats.tree import Tree, parse
from provision.resolve import CannotInclude, Included, Resolver
from provision.sections.include import Include, check

MAX_DEPTH = 8  # files below each other; people lose track after three
MAX_INCLUDES = 64  # in all: each may include others


class Composed(Struct, frozen=True):
    """The whole. `findings` are about included files that are no YAML at all."""

    layout: Layout
    data: Plain
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        """Otherwise something is missing, and what refers to it would be blamed."""
        problems = self.layout.problems
        serious = any(problem.severity is Severity.ERROR for _, problem in problems.includes)
        return not (serious or problems.nodes or self.findings)


def compose(source: Source, tree: Tree, resolver: Resolver | None) -> Composed:
    """`source` and `tree` are the config itself, which is free of YAML's own problems."""
    composer = _Composer(source, resolver)
    chain = (resolver.identity(source.file),) if resolver else ()
    root = composer.whole(0, tree, chain)
    construction = Construction()
    data, _ = construction.make(root)
    nodes = (*composer.nodes, *((0, problem) for problem in construction.problems))
    problems = Problems(includes=tuple(composer.problems), nodes=nodes)
    merged = frozenset(composer.merged)
    layout = Layout(root, tuple(composer.sources), composer.origins, merged, problems)
    return Composed(layout, data, tuple(composer.findings))


class _Composer:
    def __init__(self, source: Source, resolver: Resolver | None) -> None:
        self.sources = [source]
        self.origins: dict[int, int] = {}
        self.merged: set[int] = set()
        self.problems: list[tuple[int, Problem]] = []
        self.nodes: list[tuple[int, NodeProblem]] = []
        self.findings: list[Finding] = []
        self._resolver = resolver
        self._count = 0
        self._size_bytes = len(source.data)
        self._kept: list[Node] = []  # a node that is freed could give its identity to another one

    def whole(self, index: int, tree: Tree, chain: tuple[str, ...]) -> Node:
        """The tree of one source with its includes below it: later ones win over earlier ones."""
        base: Node | None = None
        for place, include in self._includes(index, tree):
            root = self._included(index, place, include, chain)
            if root is not None:
                base = root if base is None else merge(base, root, self._made)
        return tree.root if base is None else merge(base, tree.root, self._made)

    def _made(self, node: Node, over: Node) -> None:
        self._kept.append(node)
        self.merged.add(id(node))
        self.origins[id(node)] = self.origins.get(id(over), 0)

    def _includes(self, index: int, tree: Tree) -> Iterator[tuple[Place, Include]]:
        wanted = tree.data.get("include") if isinstance(tree.data, dict) else None
        if wanted is None:
            return
        try:
            includes = msgspec.convert(wanted, tuple[Include, ...])
        except msgspec.ValidationError:
            self._explain_shape(index, wanted)
            return
        for number, include in enumerate(includes):
            place: Place = ("include", number)
            problems = list(check(include, place))
            self.problems += [(index, problem) for problem in problems]
            if not problems:
                yield place, include

    def _explain_shape(self, index: int, wanted: Plain) -> None:
        from provision.formats import shape

        self.problems += [(index, problem) for problem in shape.explain({"include": wanted})]

    def _included(self, index: int, place: Place, include: Include, chain: tuple[str, ...]) -> Node | None:
        found = self._read(index, (*place, "url" if include.file is None else "file"), include, chain)
        if found is None:
            return None
        try:
            tree = parse(decode(found.data))
        except TextError as trouble:
            self.findings.append(text_finding(trouble, found.data, found.file))
            return None
        new = len(self.sources)
        self.sources.append(Source(found.file, found.data, tree.root))
        self._claim(tree.root, new)
        self.nodes += [(new, problem) for problem in tree.problems]
        # Loops of aliases would never end, and the rest is to be mended first too.
        return None if tree.problems else self.whole(new, tree, (*chain, found.identity))

    def _read(self, index: int, place: Place, include: Include, chain: tuple[str, ...]) -> Included | None:
        trouble = self._limit(place, chain)
        found = None
        if trouble is None:
            try:
                found = self._resolver.read(include, self.sources[index].file) if self._resolver else None
            except CannotInclude as failure:
                trouble = error(failure.code, place, failure.message, failure.hint)
            else:
                trouble = self._check(found, place, chain)
        if trouble is not None:
            self.problems.append((index, trouble))
            return found if trouble.severity is not Severity.ERROR else None
        return found

    def _limit(self, place: Place, chain: tuple[str, ...]) -> Problem | None:
        if self._resolver is None:
            return error("include-unresolved", place, "other configs cannot be included here")
        if len(chain) > MAX_DEPTH:
            return error("include-depth", place, f"included more than {MAX_DEPTH} levels deep")
        self._count += 1
        if self._count > MAX_INCLUDES:
            return error("include-count", place, f"more than {MAX_INCLUDES} includes in all")
        return None

    def _check(self, found: Included | None, place: Place, chain: tuple[str, ...]) -> Problem | None:
        if found is None:
            message = "not fetched: what it says is not checked"
            return Problem(Severity.NOTE, "include-not-fetched", place, message)
        if found.identity in chain:
            return error("include-loop", place, "the config includes itself", "remove one of the includes")
        self._size_bytes += len(found.data)
        if self._size_bytes > MAX_CONFIG_BYTES:
            message = f"with all it includes, the config has more than {MAX_CONFIG_BYTES} bytes"
            return error("include-too-large", place, message, "put large content behind files[].source")
        return None

    def _claim(self, root: Node, index: int) -> None:
        """Remembers which source a tree's nodes are from."""
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if id(node) in self.origins:
                continue
            self.origins[id(node)] = index
            if isinstance(node, MappingNode):
                waiting += [part for pair in node.value for part in pair]
            elif isinstance(node, SequenceNode):
                waiting += node.value
