"""The native format: one YAML document whose keys are the sections of the language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import msgspec
import yaml
from msgspec import structs
from yaml._yaml import Mark as CMark
from yaml.nodes import MappingNode, Node, ScalarNode

from provision.document import Document
from provision.findings import Finding, Problem, Severity, has_errors, path_text
from provision.formats.nodes import (
    Construction,
    NodeProblem,
    Plain,
    exists,
    find,
    secret_spans,
    span_of,
    start_of,
)
from provision.formats.source import Mark, Span, TextError, decode, lines_of, masked, masked_by_name
from provision.sections import check_document, check_sections
from provision.sections.hidden import HiddenText
from provision.variables import check_variables
from provision.vars import Filled, fill

MAX_DEPTH = 32  # the language needs 7; libyaml's composer recurses in C and would overrun the stack
MAX_PROBLEMS = 100  # more than anyone reads; bounds the work for a file made to be slow


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file that is YAML: its nodes and the plain data they make."""

    root: Node
    data: Plain
    problems: tuple[NodeProblem, ...]


def load(data: bytes, file: str) -> tuple[Document | None, tuple[Finding, ...]]:
    """The document, or None when the findings hold an error. Never raises, whatever the bytes."""
    try:
        parsed = _parse(decode(data))
    except TextError as problem:
        return None, (_text_finding(problem, data, file),)
    document, problems = _read(parsed)
    if not problems and not parsed.problems:
        return document, ()
    findings = _located(parsed, problems, lines_of(data), file)
    return (None if has_errors(findings) else document), findings


def _read(parsed: _Parsed) -> tuple[Document | None, tuple[Problem, ...]]:
    if parsed.problems:
        return None, ()
    try:
        document = _convert(parsed.data)
    except msgspec.ValidationError as failure:
        return None, tuple(islice(_shape_problems(parsed.data, str(failure)), MAX_PROBLEMS + 1))
    problems = list(check_variables(document))
    filled = fill(document)
    problems += filled.problems
    problems += _moved(check_document(filled.document), filled)
    problems.sort(key=lambda problem: problem.severity is not Severity.ERROR)  # no warning hides an error
    return filled.document, tuple(problems[: MAX_PROBLEMS + 1])


def _moved(problems: Iterable[Problem], filled: Filled) -> Iterator[Problem]:
    """After a value of several lines, a line of the text is another line of the file."""
    for problem in problems:
        yield replace(problem, text_line=None) if filled.moves_lines else problem


def _convert(data: Plain) -> Document:
    return msgspec.convert(data, Document, dec_hook=_custom_type)


def _custom_type(kind: type, value: object) -> HiddenText:
    if kind is HiddenText and isinstance(value, str):
        return HiddenText(value)
    raise TypeError("expected text")


def _shape_problems(data: Plain, message: str) -> Iterator[Problem]:
    """All problems of shape, and those of meaning in the sections of good shape: one run shows both."""
    from provision.formats import shape

    explained = False
    for problem in shape.explain(data):
        explained = True
        yield problem
    if not explained:
        yield shape.from_message(message)
    own = _part("vars", data)
    for key in data if isinstance(data, dict) else ():
        part = _part(key, data)
        if part is None:
            continue  # explained above
        yield from check_variables(part)
        filled = Filled(part, ()) if own is None else fill(structs.replace(part, vars=own.vars))
        yield from (problem for problem in filled.problems if problem.place[0] == key)
        yield from _moved(check_sections(filled.document), filled)


def _part(key: str, data: Plain) -> Document | None:
    """One section alone, when it is of good shape; a document without it when it is not there."""
    try:
        return _convert({key: data[key]} if isinstance(data, dict) and key in data else {})
    except msgspec.ValidationError:
        return None


def _parse(text: str) -> _Parsed:
    """Raises TextError for what is no YAML, or none that holds one mapping."""
    try:
        _check_depth(text)
        root = yaml.CSafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as problem:
        raise _syntax_error(problem, text) from problem
    except yaml.YAMLError as problem:
        raise TextError("yaml", f"no YAML: {problem}") from problem
    if root is None or (isinstance(root, ScalarNode) and root.tag.endswith(":null")):
        hint = "a config names at least one section, for example `hostname: node1`"
        raise TextError("empty", "the file holds no config", hint=hint)
    if not isinstance(root, MappingNode):
        hint = "a config is a mapping of sections, for example `hostname: node1`"
        raise TextError("wrong-type", "expected a mapping of sections", start_of(root), hint)
    construction = Construction()
    data, _ = construction.make(root)
    return _Parsed(root, data, tuple(construction.problems))


# More brackets, or a longer run of indentation and dashes, than any depth within the limit needs.
MAYBE_DEEP = re.compile(rf"^[ \t?:-]{{{MAX_DEPTH * 2},}}", re.MULTILINE)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") < MAX_DEPTH and not MAYBE_DEEP.search(text):
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
    mark = _mark(problem.problem_mark or problem.context_mark)
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


def _text_finding(problem: TextError, data: bytes, file: str) -> Finding:
    from provision.schema import secret_names

    lines = masked_by_name(lines_of(data[: 2 * 1024 * 1024]), secret_names())
    mark = problem.mark
    return Finding(
        severity=Severity.ERROR,
        code=problem.code,
        path="",
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        message=problem.message,
        hint=problem.hint,
        excerpt=lines[mark.line] if mark.line < len(lines) else None,
    )


def _located(
    parsed: _Parsed, problems: tuple[Problem, ...], lines: list[str], file: str
) -> tuple[Finding, ...]:
    """Findings in the order of the file."""
    from provision.schema import secret_names

    spans = list(secret_spans(parsed.root, secret_names()))
    hidden = [
        problem.place for problem in problems if problem.sensitive and exists(parsed.root, problem.place)
    ]
    spans += [span_of(find(parsed.root, place)[1]) for place in hidden]
    shown = masked(lines, spans)
    findings = [_locate(problem, parsed.root, shown, file) for problem in problems[:MAX_PROBLEMS]]
    findings += [_node_finding(problem, shown, file) for problem in parsed.problems[:MAX_PROBLEMS]]
    findings.sort(key=lambda finding: (finding.line, finding.column))
    if max(len(problems), len(parsed.problems)) <= MAX_PROBLEMS:
        return tuple(findings)
    # A problem left out may be the one that would have masked a line: then none is shown.
    bare = [replace(finding, excerpt=None) for finding in findings]
    message = f"only the first {MAX_PROBLEMS} problems are listed"
    return (
        *bare,
        replace(bare[-1], severity=Severity.NOTE, code="more", path="", message=message, hint=None),
    )


def _locate(problem: Problem, root: Node, shown: list[str], file: str) -> Finding:
    span = _span(problem, root, shown)
    start, end = span.start, span.end
    excerpt = shown[start.line] if start.line < len(shown) else ""
    width = (end.column if end.line == start.line else len(excerpt)) - start.column
    return Finding(
        severity=problem.severity,
        code=problem.code,
        path=path_text(problem.place),
        file=file,
        line=start.line + 1,
        column=start.column + 1,
        message=problem.message,
        hint=problem.hint,
        excerpt=excerpt,
        width=max(1, width),
    )


def _span(problem: Problem, root: Node, shown: list[str]) -> Span:
    key, node = find(root, problem.place)
    if (
        key is not None
        and (problem.at_key or not isinstance(node, ScalarNode))
        and exists(root, problem.place)
    ):
        return span_of(key)
    if problem.text_line is not None and isinstance(node, ScalarNode) and node.style == "|":
        line = node.start_mark.line + 1 + problem.text_line
        if line < len(shown):
            text = shown[line]
            return Span(Mark(line, len(text) - len(text.lstrip())), Mark(line, len(text.rstrip())))
    if isinstance(node, ScalarNode) and node.style not in ("|", ">"):
        return span_of(node)
    return Span(start_of(node), Mark(start_of(node).line, start_of(node).column + 1))


def _node_finding(problem: NodeProblem, shown: list[str], file: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code=problem.code,
        path=path_text(problem.place),
        file=file,
        line=problem.mark.line + 1,
        column=problem.mark.column + 1,
        message=problem.message,
        hint=problem.hint,
        excerpt=shown[problem.mark.line] if problem.mark.line < len(shown) else None,
    )
