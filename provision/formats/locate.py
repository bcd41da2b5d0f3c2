"""Problems to findings: which file, line and column, and the line itself with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field, structs
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.actions import Origin
from provision.findings import Finding, Place, Problem, Severity, path_text, place_of
from provision.formats.nodes import NodeProblem, exists, find, secret_spans, secret_values, span_of, start_of
from provision.formats.source import (
    MAX_CONFIG_BYTES,
    Mark,
    Rendered,
    Span,
    TextError,
    lines_of,
    masked,
    masked_by_name,
)
from provision.urls import masked_urls

PATH_IN_MESSAGE = r"\b[a-z_]+(?:\.[a-z_]+)*\[\d+\](?:\[\d+\]|\.[a-z_]+)*"
MAX_PROBLEMS = 100  # more than anyone reads; bounds the work for a file made to be slow


class Source(Struct, frozen=True):
    """One of the texts that a config consists of.

    `root` is None for what has no nodes: no YAML, or a container of texts. `secrets` gives the names of the secret
    fields, where they are others than the native ones; `hints`, by code, what the format says instead of the native
    hints. `part` names a text that is a part of the file; `offset` is where its lines stand there, and by how much
    each of them is indented; `rendered` says so of lines that a template made.
    """

    file: str
    data: bytes
    root: Node | None
    secrets: Callable[[], frozenset[str]] | None = None
    hints: Mapping[str, str | None] = field(default_factory=dict)
    part: str | None = None
    offset: Mark = Mark(0, 0)
    rendered: Rendered | None = None


class Problems(Struct, frozen=True):
    """What is wrong with the whole, with the includes of one source, with what else only this source shows, at
    places of its own format, and with its YAML.
    """

    whole: tuple[Problem, ...] = ()
    includes: tuple[tuple[int, Problem], ...] = ()
    own: tuple[tuple[int, Problem], ...] = ()
    nodes: tuple[tuple[int, NodeProblem], ...] = ()


class Layout(Struct, frozen=True):
    """Where everything in a config is written, and what is wrong with it.

    `origins` says which source a node is from, when not the first; `merged` are the nodes made of several sources'
    nodes; `places` are the paths, in the user's own format, of what was translated. All by the identity of the node.
    `moves_lines`: a line of a text may be another line of the file.
    """

    root: Node
    sources: tuple[Source, ...]
    origins: Mapping[int, int] = field(default_factory=dict)
    merged: frozenset[int] = frozenset()
    places: Mapping[int, Place] = field(default_factory=dict)
    problems: Problems = Problems()
    moves_lines: bool = False

    def origin(self, node: Node) -> int:
        return self.origins.get(id(node), 0)

    def origin_of(self, place: Place) -> Origin:
        """Where it is written, or else the deepest part of it that is."""
        key, node = find(self.root, place)
        written = node if key is None else key
        source = self.sources[self.origin(written)]
        path = path_text(self.own_place(place)) if self.places else None
        return Origin(source.file, _in_file(start_of(written), source)[0], path)

    def own_place(self, place: Place) -> Place:
        """The place as the user's format writes it."""
        return self.places.get(id(find(self.root, place)[1]), place)

    def own_words(self, message: str) -> str:
        """A message may name other places: `'/a' is made by files[0] already`."""
        return re.sub(PATH_IN_MESSAGE, self._own_path, message) if self.places else message

    def _own_path(self, found: re.Match[str]) -> str:
        place = place_of(found[0])
        return path_text(self.own_place(place)) if exists(self.root, place) else found[0]

    def with_whole(self, found: Iterable[Problem]) -> Layout:
        """With these problems of the whole, too, as far as they are to be listed."""
        whole = [*self.problems.whole, *found]
        whole.sort(key=lambda problem: problem.severity is not Severity.ERROR)  # no warning hides an error
        problems = structs.replace(self.problems, whole=tuple(whole[: MAX_PROBLEMS + 1]))
        return structs.replace(self, problems=problems)

    def spans(self, node: Node) -> Iterator[tuple[int, Span]]:
        """Everything that a node is made of."""
        if id(node) not in self.merged:
            yield self.origin(node), span_of(node)
            return
        for child in node.value if isinstance(node, (MappingNode, SequenceNode)) else ():
            yield from self.spans(child[1] if isinstance(child, tuple) else child)


def moved(problems: Iterable[Problem], moves_lines: bool) -> Iterator[Problem]:
    """After a value of several lines, a line of the text is another line of the file."""
    for problem in problems:
        yield structs.replace(problem, text_line=None) if moves_lines else problem


def located(layout: Layout) -> tuple[Finding, ...]:
    """Findings in the order of the files, and of the lines in them."""
    problems = layout.problems
    if problems == Problems():
        return ()
    lines = _Lines(layout)
    found = [lines.locate(problem, _seek(problem, layout.root)) for problem in problems.whole[:MAX_PROBLEMS]]
    for index, problem in (*problems.includes[:MAX_PROBLEMS], *problems.own[:MAX_PROBLEMS]):
        found.append(lines.locate(problem, _seek(problem, _root(layout, index)), index))
    for index, trouble in problems.nodes[:MAX_PROBLEMS]:
        found.append((index, lines.locate_node(trouble, index)))
    found.sort(key=lambda one: (one[0], one[1].line, one[1].column))
    findings = tuple(finding for _, finding in found)
    if max(map(len, (problems.whole, problems.includes, problems.own, problems.nodes))) <= MAX_PROBLEMS:
        return findings
    # A problem left out may be the one that would have masked a line: then none is shown.
    bare = [structs.replace(finding, excerpt=None) for finding in findings]
    message = f"only the first {MAX_PROBLEMS} problems are listed"
    return (
        *bare,
        structs.replace(bare[-1], severity=Severity.NOTE, code="more", path="", message=message, hint=None),
    )


class _Lines:
    """The lines of each source with secrets masked, made when the first of them is shown."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hidden = tuple(_hidden(layout))
        self._shown: dict[int, list[str]] = {}

    def of(self, index: int) -> list[str]:
        if index not in self._shown:
            self._shown[index] = self._masked(index, self._layout.sources[index])
        return self._shown[index]

    def _masked(self, index: int, source: Source) -> list[str]:
        if source.root is None:
            return _masked_text(source)
        spans = list(secret_spans(source.root, _secret_names(source)))
        spans += [span for where, span in self._hidden if where == index]
        return masked(lines_of(source.data), spans)

    def locate(self, problem: Problem, seen: _Seen, index: int | None = None) -> tuple[int, Finding]:
        """With an index, the node is known to be of that source: a file looked at by itself."""
        place = problem.place
        if index is None:
            index = self._layout.origin(seen.node)
            place = self._layout.own_place(place)
        source = self._layout.sources[index]
        shown = self.of(index)
        span = _span(problem, seen, shown)
        start, end = span.start, span.end
        excerpt = shown[start.line] if start.line < len(shown) else ""
        width = (end.column if end.line == start.line else len(excerpt)) - start.column
        line, column = _in_file(start, source)
        finding = Finding(
            severity=problem.severity,
            code=problem.code,
            path=masked_urls(path_text(place)),
            file=source.file,
            line=line,
            column=column,
            message=masked_urls(self._layout.own_words(problem.message)),
            hint=_masked_hint(source.hints.get(problem.code, problem.hint)),
            excerpt=_line(shown, start, source) if start.line < len(shown) else "",
            width=max(1, width),
            part=source.part,
        )
        return index, finding

    def locate_node(self, problem: NodeProblem, index: int) -> Finding:
        source = self._layout.sources[index]
        line, column = _in_file(problem.mark, source)
        return Finding(
            severity=problem.severity,
            code=problem.code,
            path=masked_urls(path_text(problem.place)),
            file=source.file,
            line=line,
            column=column,
            message=masked_urls(problem.message),
            hint=_masked_hint(problem.hint),
            excerpt=None if problem.sensitive else _line(self.of(index), problem.mark, source),
            part=source.part,
        )


def _masked_hint(hint: str | None) -> str | None:
    return hint and masked_urls(hint)


def _in_file(mark: Mark, source: Source) -> tuple[int, int]:
    """Line and column in the user's file, from 1."""
    if source.rendered is not None:
        mark = source.rendered.mark(mark, _text_at(source, mark))
    return mark.line + source.offset.line + 1, mark.column + source.offset.column + 1


def _text_at(source: Source, mark: Mark) -> str:
    lines = lines_of(source.data)
    return lines[mark.line] if mark.line < len(lines) else ""


def _line(lines: list[str], mark: Mark, source: Source) -> str | None:
    """A line that a template made is not shown: it is not what the user wrote."""
    if source.rendered is not None and not source.rendered.shows(mark, _text_at(source, mark)):
        return None
    return " " * source.offset.column + lines[mark.line] if mark.line < len(lines) else None


def _root(layout: Layout, index: int) -> Node:
    return layout.sources[index].root or layout.root


def _hidden(layout: Layout) -> Iterator[tuple[int, Span]]:
    from provision.schema import secret_names

    if layout.places:  # a secret of the language may come from a field that is none in the user's format
        for node in secret_values(layout.root, secret_names()):
            yield from layout.spans(node) if id(node) in layout.places else ()
    for problem in layout.problems.whole:
        if problem.sensitive and exists(layout.root, problem.place):
            yield from layout.spans(find(layout.root, problem.place)[1])
    for index, problem in (*layout.problems.includes, *layout.problems.own):
        root = _root(layout, index)
        if problem.sensitive and exists(root, problem.place):
            yield index, span_of(find(root, problem.place)[1])


class _Seen(Struct, frozen=True):
    """What a finding points at: a key, or a value."""

    node: Node
    is_key: bool


def _seek(problem: Problem, root: Node) -> _Seen:
    key, node = find(root, problem.place)
    at_key = problem.at_key or not isinstance(node, ScalarNode)
    if key is not None and at_key and exists(root, problem.place):
        return _Seen(key, is_key=True)
    return _Seen(node, is_key=False)


def _span(problem: Problem, seen: _Seen, shown: list[str]) -> Span:
    node = seen.node
    if seen.is_key:
        return span_of(node)
    if problem.text_line is not None and isinstance(node, ScalarNode) and node.style == "|":
        line = node.start_mark.line + 1 + problem.text_line
        if line < len(shown):
            text = shown[line]
            return Span(Mark(line, len(text) - len(text.lstrip())), Mark(line, len(text.rstrip())))
    if isinstance(node, ScalarNode) and node.style not in ("|", ">"):
        return span_of(node)
    return Span(start_of(node), Mark(start_of(node).line, start_of(node).column + 1))


def text_finding(problem: TextError, source: Source) -> Finding:
    """For a text that is no YAML and so has no nodes."""
    line, column = _in_file(problem.mark, source)
    return Finding(
        severity=Severity.ERROR,
        code=problem.code,
        path="",
        file=source.file,
        line=line,
        column=column,
        message=masked_urls(problem.message),
        hint=_masked_hint(problem.hint),
        excerpt=_line(_masked_text(source, problem.mark.line + 1), problem.mark, source),
        part=source.part,
    )


def _masked_text(source: Source, lines: int | None = None) -> list[str]:
    """As many lines of it, or all."""
    return masked_by_name(lines_of(source.data[: 2 * MAX_CONFIG_BYTES])[:lines], _secret_names(source))


def _secret_names(source: Source) -> frozenset[str]:
    from provision.schema import secret_names

    return secret_names() if source.secrets is None else source.secrets()
