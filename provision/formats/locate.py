"""Problems to findings: which file, line and column, and the line itself with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field, structs
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.actions import Origin
from provision.findings import Finding, Place, Problem, Severity, path_text
from provision.formats.nodes import NodeProblem, exists, find, secret_spans, span_of, start_of
from provision.formats.source import Mark, Span, TextError, lines_of, masked, masked_by_name
from provision.urls import masked_urls

MAX_PROBLEMS = 100  # more than anyone reads; bounds the work for a file made to be slow


class Source(Struct, frozen=True):
    """One of the files that a config consists of."""

    file: str
    data: bytes
    root: Node


class Problems(Struct, frozen=True):
    """What is wrong with the whole, with the includes of one source, and with the YAML of one source."""

    whole: tuple[Problem, ...] = ()
    includes: tuple[tuple[int, Problem], ...] = ()
    nodes: tuple[tuple[int, NodeProblem], ...] = ()


class Layout(Struct, frozen=True):
    """Where everything in a config is written, and what is wrong with it.

    `origins` says which source a node is from, when not the first; `merged` are the nodes made of several sources'
    nodes. Both by the identity of the node. `moves_lines`: a line of a text may be another line of the file.
    """

    root: Node
    sources: tuple[Source, ...]
    origins: Mapping[int, int] = field(default_factory=dict)
    merged: frozenset[int] = frozenset()
    problems: Problems = Problems()
    moves_lines: bool = False

    def origin(self, node: Node) -> int:
        return self.origins.get(id(node), 0)

    def origin_of(self, place: Place) -> Origin:
        """Where it is written, or else the deepest part of it that is."""
        key, node = find(self.root, place)
        written = node if key is None else key
        return Origin(self.sources[self.origin(written)].file, written.start_mark.line + 1)

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
    lines = _Lines(layout)
    found = [lines.locate(problem, _seek(problem, layout.root)) for problem in problems.whole[:MAX_PROBLEMS]]
    for index, problem in problems.includes[:MAX_PROBLEMS]:
        found.append(lines.locate(problem, _seek(problem, layout.sources[index].root), index))
    for index, trouble in problems.nodes[:MAX_PROBLEMS]:
        found.append((index, lines.locate_node(trouble, index)))
    found.sort(key=lambda one: (one[0], one[1].line, one[1].column))
    findings = tuple(finding for _, finding in found)
    if max(len(problems.whole), len(problems.includes), len(problems.nodes)) <= MAX_PROBLEMS:
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
        from provision.schema import secret_names

        if index not in self._shown:
            source = self._layout.sources[index]
            spans = list(secret_spans(source.root, secret_names()))
            spans += [span for where, span in self._hidden if where == index]
            self._shown[index] = masked(lines_of(source.data), spans)
        return self._shown[index]

    def locate(self, problem: Problem, seen: _Seen, index: int | None = None) -> tuple[int, Finding]:
        """With an index, the node is known to be of that source: a file looked at by itself."""
        index = self._layout.origin(seen.node) if index is None else index
        shown = self.of(index)
        span = _span(problem, seen, shown)
        start, end = span.start, span.end
        excerpt = shown[start.line] if start.line < len(shown) else ""
        width = (end.column if end.line == start.line else len(excerpt)) - start.column
        finding = Finding(
            severity=problem.severity,
            code=problem.code,
            path=masked_urls(path_text(problem.place)),
            file=self._layout.sources[index].file,
            line=start.line + 1,
            column=start.column + 1,
            message=masked_urls(problem.message),
            hint=problem.hint and masked_urls(problem.hint),
            excerpt=excerpt,
            width=max(1, width),
        )
        return index, finding

    def locate_node(self, problem: NodeProblem, index: int) -> Finding:
        shown = self.of(index)
        return Finding(
            severity=Severity.ERROR,
            code=problem.code,
            path=masked_urls(path_text(problem.place)),
            file=self._layout.sources[index].file,
            line=problem.mark.line + 1,
            column=problem.mark.column + 1,
            message=masked_urls(problem.message),
            hint=problem.hint and masked_urls(problem.hint),
            excerpt=shown[problem.mark.line] if problem.mark.line < len(shown) else None,
        )


def _hidden(layout: Layout) -> Iterator[tuple[int, Span]]:
    for problem in layout.problems.whole:
        if problem.sensitive and exists(layout.root, problem.place):
            yield from layout.spans(find(layout.root, problem.place)[1])
    for index, problem in layout.problems.includes:
        root = layout.sources[index].root
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


def text_finding(problem: TextError, data: bytes, file: str) -> Finding:
    """For a file that is no YAML and so has no nodes."""
    from provision.schema import secret_names

    mark = problem.mark
    lines = masked_by_name(lines_of(data[: 2 * 1024 * 1024])[: mark.line + 1], secret_names())
    return Finding(
        severity=Severity.ERROR,
        code=problem.code,
        path="",
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        message=masked_urls(problem.message),
        hint=problem.hint and masked_urls(problem.hint),
        excerpt=lines[mark.line] if mark.line < len(lines) else None,
    )
