"""A config of several texts, or in another format, as one native tree whose nodes know where they were written.

Only imported when a config includes something, or is not native.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice

import msgspec
import yaml
from msgspec import Struct, structs
from yaml.nodes import MappingNode, Node, SequenceNode

from provision.errors import SourceError
from provision.findings import Finding, Place, Problem, Severity, error, warning
from provision.formats import FORMATS, Format, format_of
from provision.formats.draft import Inclusion
from provision.formats.front_end import FrontEnd, every_secret_name, front_end_at, translate
from provision.formats.inclusions import BesideFile, Found, read_inclusion
from provision.formats.lay_over import lay_over
from provision.formats.locate import MAX_PROBLEMS, Layout, Problems, Source, located, text_finding
from provision.formats.merge import merge
from provision.formats.native import Read, read, section_problems
from provision.formats.nodes import TAG, Construction, NodeProblem, Plain
from provision.formats.parts import Instance, Part, Surroundings, Unpack
from provision.formats.source import MAX_CONFIG_BYTES, TextError, decode
from provision.formats.tree import Tree, parse
from provision.resolve import CannotInclude, Included, Resolver
from provision.sections.data_url import is_data_url
from provision.sections.include import Include, check

MAX_DEPTH = 8  # files below each other; people lose track after three
MAX_INCLUDES = 64  # in all: each may include others
START = yaml.Mark("", 0, 0, 0, None, 0)


class Composed(Struct, frozen=True):
    """The whole. `findings` are about texts that are no YAML at all. `is_partial` when a text was translated as far
    as it is of good shape.
    """

    layout: Layout
    data: Plain
    findings: tuple[Finding, ...]
    is_partial: bool

    @property
    def is_whole(self) -> bool:
        """Otherwise something is missing, and what refers to it would be blamed."""
        problems = self.layout.problems
        serious = any(problem.severity is Severity.ERROR for _, problem in problems.includes)
        damaged = any(problem.severity is Severity.ERROR for _, problem in problems.nodes)
        return not (serious or damaged or self.findings)


def load(
    data: bytes,
    file: str,
    resolver: Resolver | None,
    formats: tuple[Format, ...] = FORMATS,
    instance: Callable[[], Instance] | None = dict,
) -> Read:
    """As `native.load`, of any format."""
    composer = _Composer(resolver, formats, instance)
    chain = (resolver.identity(file),) if resolver else ()
    root = composer.part(Part(file, data), chain)
    return read_composed(composer.composed(root))


def compose(source: Source, tree: Tree, resolver: Resolver | None) -> Composed:
    """`source` and `tree` are the config itself, native and free of YAML's own problems."""
    composer = _Composer(resolver, FORMATS)
    chain = (resolver.identity(source.file),) if resolver else ()
    index = composer.add(source)
    return composer.composed(composer.whole(index, tree, chain))


def read_composed(composed: Composed) -> Read:
    layout = composed.layout
    if composed.is_whole and not composed.is_partial:
        return read(composed.data, layout)
    if composed.is_whole:
        layout = layout.with_whole(islice(section_problems(composed.data), MAX_PROBLEMS + 1))
    return None, located(layout) + composed.findings, layout


def format_named(part: Part, formats: tuple[Format, ...]) -> Format:
    """The one that stands beside it, or else what its text says."""
    told = (known for known in formats if known.name == part.format)
    return next(told, None) or format_of(part.data, formats)


class _Composer:
    def __init__(
        self,
        resolver: Resolver | None,
        formats: tuple[Format, ...],
        instance: Callable[[], Instance] | None = dict,
    ) -> None:
        self.sources: list[Source] = []
        self.origins: dict[int, int] = {}
        self.merged: set[int] = set()
        self.places: dict[int, Place] = {}
        self.problems: list[tuple[int, Problem]] = []
        self.own: list[tuple[int, Problem]] = []
        self.nodes: list[tuple[int, NodeProblem]] = []
        self.findings: list[Finding] = []
        self.is_partial = False
        self._resolver = resolver
        self._surroundings = Surroundings(resolver, instance)
        self._formats = formats
        self._count = 0
        self._size_bytes = 0
        self._kept: list[Node] = []  # a node that is freed could give its identity to another one

    def composed(self, root: Node | None) -> Composed:
        root = MappingNode(f"{TAG}map", [], START, START) if root is None else root
        construction = Construction()
        data, _ = construction.make(root)
        nodes = (*self.nodes, *((0, problem) for problem in construction.problems))
        layout = Layout(
            root,
            tuple(self.sources),
            self.origins,
            frozenset(self.merged),
            self.places,
            Problems(includes=tuple(self.problems), own=tuple(self.own), nodes=nodes),
        )
        return Composed(layout, data, tuple(self.findings), self.is_partial)

    def add(self, source: Source) -> int:
        """What comes first is the config itself: its nodes need no claim."""
        self.sources.append(source)
        self._size_bytes += len(source.data)
        return len(self.sources) - 1

    def part(self, part: Part, chain: tuple[str, ...]) -> Node | None:
        """The native tree of a text in whatever format, with all that is in it and below it."""
        chosen = format_named(part, self._formats)
        source = Source(
            part.file, part.data, None, part=part.name, offset=part.offset, rendered=part.rendered
        )
        try:
            if chosen.container is not None:
                source = structs.replace(source, secrets=every_secret_name)
                return self._unpacked(source, part, import_module(chosen.container).unpack, chain)
            if chosen.front_end is not None:
                front_end = front_end_at(chosen.front_end)
                source = structs.replace(source, secrets=front_end.secret_names, hints=front_end.hints)
                return self._translated(source, front_end, chain)
            return self._native(source, chain)
        except TextError as trouble:
            self.findings.append(text_finding(trouble, source))
            return None

    def _native(self, source: Source, chain: tuple[str, ...]) -> Node | None:
        tree = parse(decode(source.data))
        index = self.add(structs.replace(source, root=tree.root))
        self._claim(tree.root, index)
        self.nodes += [(index, problem) for problem in tree.problems]
        # Loops of aliases would never end, and the rest is to be mended first too.
        return None if tree.problems else self.whole(index, tree, chain)

    def _translated(self, source: Source, front_end: FrontEnd, chain: tuple[str, ...]) -> Node | None:
        tree = front_end.parse(decode(source.data))
        index = self.add(structs.replace(source, root=tree.root))
        beside = None if self._resolver is None else BesideFile(self._resolver, source.file)
        translated = translate(front_end, tree, beside)
        self.own += [(index, problem) for problem in translated.problems]
        self.nodes += [(index, problem) for problem in translated.nodes]
        self.is_partial = self.is_partial or not translated.is_whole
        self.places.update(translated.places)
        if translated.root is None:
            return None
        self._claim(translated.root, index)
        return self._with_inclusions(index, translated.root, translated.inclusions, chain)

    def _with_inclusions(
        self, index: int, root: Node, inclusions: tuple[Inclusion, ...], chain: tuple[str, ...]
    ) -> Node:
        """What is merged goes over the config that asks for it."""
        for inclusion in inclusions:
            found = self._read_inclusion(index, inclusion, chain)
            if found is None:
                continue
            other = self.part(found.part, (*chain, found.identity))
            if other is not None:
                root = other if inclusion.replaces else lay_over(root, other, self._made)
        return root

    def _read_inclusion(self, index: int, inclusion: Inclusion, chain: tuple[str, ...]) -> Found | None:
        source, place, remote = self.sources[index], inclusion.place, inclusion.config
        trouble = self._limit(place, chain, stands_here=is_data_url(remote.url))
        if trouble is None:
            try:
                found = read_inclusion(source, inclusion, self._resolver)
                included = (
                    None if found is None else Included(found.part.file, found.identity, found.part.data)
                )
                trouble = self._check(included, place, chain)
            except (CannotInclude, SourceError) as failure:
                code = failure.code if isinstance(failure, CannotInclude) else "include-source"
                trouble = error(code, place, failure.message, failure.hint)
        if trouble is None:
            if remote.digest is None and remote.url.lower().startswith("http:"):
                message = "anyone on the network can change what http delivers"
                self.own.append((index, warning("source-unverified", place, message)))
            return found
        self.own.append((index, trouble))
        self.is_partial = self.is_partial or trouble.severity is Severity.ERROR
        return None

    def _unpacked(
        self, source: Source, container: Part, unpack: Unpack, chain: tuple[str, ...]
    ) -> Node | None:
        index = self.add(source)
        unpacked = unpack(container, self._surroundings)
        self.nodes += [(index, problem) for problem in unpacked.problems]
        root: Node | None = None
        for part in unpacked.parts:
            self._check_part(part, chain)
            made = self.part(part, (*chain, part.identity or container.name or ""))
            if made is not None:
                root = made if root is None else merge(root, made, self._made)
        return root

    def _check_part(self, part: Part, chain: tuple[str, ...]) -> None:
        """Raises TextError, which ends the container: what is in it may be made to have no end."""
        self._count += 1
        where = part.asked_at
        if part.identity is not None and part.identity in chain:
            raise TextError("include-loop", "the config includes itself", where, "remove one of the includes")
        if len(chain) > MAX_DEPTH:
            raise TextError("include-depth", f"parts of parts more than {MAX_DEPTH} levels deep", where)
        if self._count > MAX_INCLUDES:
            raise TextError("include-count", f"more than {MAX_INCLUDES} parts in all", where)
        if self._size_bytes + len(part.data) > 2 * MAX_CONFIG_BYTES:  # the container itself is the other half
            raise TextError("include-too-large", f"the parts have more than {MAX_CONFIG_BYTES} bytes", where)

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
        if id(over) in self.places:
            self.places[id(node)] = self.places[id(over)]
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
        return self.part(Part(found.file, found.data), (*chain, found.identity))

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

    def _limit(self, place: Place, chain: tuple[str, ...], *, stands_here: bool = False) -> Problem | None:
        if self._resolver is None and not stands_here:
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
        if self._size_bytes + len(found.data) > MAX_CONFIG_BYTES:
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
