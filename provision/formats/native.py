"""The native format: one YAML document whose keys are the sections of the language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import msgspec
from msgspec import structs

from provision.document import Document
from provision.findings import Finding, Problem, Severity, has_errors
from provision.formats.locate import MAX_PROBLEMS, Layout, Problems, Source, located, text_finding
from provision.formats.nodes import Plain
from provision.formats.source import TextError, decode
from provision.formats.tree import Tree, parse
from provision.resolve import Resolver
from provision.sections import check_document, check_sections
from provision.sections.hidden import HiddenText
from provision.variables import check_variables
from provision.vars import Filled, fill


def load(
    data: bytes, file: str, resolver: Resolver | None = None
) -> tuple[Document | None, tuple[Finding, ...]]:
    """The document, or None when the findings hold an error. Never raises, whatever the bytes."""
    try:
        tree = parse(decode(data))
    except TextError as problem:
        return None, (text_finding(problem, data, file),)
    source = Source(file, data, tree.root)
    if isinstance(tree.data, dict) and "include" in tree.data and not tree.problems:
        return _load_composed(source, tree, resolver)
    document, problems = (None, ()) if tree.problems else _read(tree.data)
    if not problems and not tree.problems:
        return document, ()
    nodes = tuple((0, problem) for problem in tree.problems)
    findings = located(Layout(tree.root, (source,)), Problems(whole=problems, nodes=nodes))
    return (None if has_errors(findings) else document), findings


def _load_composed(
    source: Source, tree: Tree, resolver: Resolver | None
) -> tuple[Document | None, tuple[Finding, ...]]:
    from provision.formats.compose import compose

    composed = compose(source, tree, resolver)
    document, problems = _read(composed.data) if composed.is_whole else (None, ())
    findings = located(composed.layout, replace(composed.problems, whole=problems)) + composed.findings
    return (None if has_errors(findings) else document), findings


def _read(data: Plain) -> tuple[Document | None, tuple[Problem, ...]]:
    try:
        document = convert(data)
    except msgspec.ValidationError as failure:
        return None, tuple(islice(_shape_problems(data, str(failure)), MAX_PROBLEMS + 1))
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


def convert(data: Plain) -> Document:
    """Checks shape only; msgspec.ValidationError when it is none of a document."""
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
        return convert({key: data[key]} if isinstance(data, dict) and key in data else {})
    except msgspec.ValidationError:
        return None
