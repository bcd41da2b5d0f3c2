"""The native format: one YAML document whose keys are the sections of the language."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import structs

from provision.document import Document, section_type
from provision.findings import Finding, Problem, has_errors
from provision.formats.locate import MAX_PROBLEMS, Layout, Problems, Source, located, moved, text_finding
from provision.formats.nodes import Plain
from provision.formats.source import TextError, decode
from provision.formats.tree import Tree, parse
from provision.resolve import Resolver
from provision.sections import check_document, check_sections
from provision.sections.hidden import custom_type
from provision.variables import check_variables
from provision.vars import Filled, fill

Read = tuple[Document | None, tuple[Finding, ...], Layout | None]


def load(data: bytes, file: str, resolver: Resolver | None = None) -> Read:
    """The document, or None when the findings hold an error; and where it all is. Never raises, whatever the bytes."""
    try:
        tree = parse(decode(data))
    except TextError as problem:
        return None, (text_finding(problem, Source(file, data, None)),), None
    source = Source(file, data, tree.root)
    if tree.problems:
        nodes = tuple((0, problem) for problem in tree.problems)
        layout = Layout(tree.root, (source,), problems=Problems(nodes=nodes))
        return None, located(layout), layout
    if isinstance(tree.data, dict) and "include" in tree.data:
        return _load_composed(source, tree, resolver)
    return read(tree.data, Layout(tree.root, (source,)))


def _load_composed(source: Source, tree: Tree, resolver: Resolver | None) -> Read:
    from provision.formats.compose import compose, read_composed

    return read_composed(compose(source, tree, resolver))


def read(data: Plain, layout: Layout) -> Read:
    """The document, when the plain data of a native tree is one, and what is wrong with it."""
    try:
        document = convert(data)
    except msgspec.ValidationError as failure:
        shape = islice(_shape_problems(data, str(failure)), MAX_PROBLEMS + 1)
        layout = layout.with_whole(shape)
        return None, located(layout), layout
    filled = fill(document)
    layout = structs.replace(layout, moves_lines=filled.moves_lines)
    meant = moved(check_document(filled.document), filled.moves_lines)
    found = (*check_variables(document), *filled.problems, *meant)
    if found:
        layout = layout.with_whole(found)
    if layout.problems == Problems():
        return filled.document, (), layout
    findings = located(layout)
    return (None if has_errors(findings) else filled.document), findings, layout


def convert(data: Plain) -> Document:
    """Checks shape only; msgspec.ValidationError when it is none of a document.

    Section by section, so that msgspec looks at the types of those alone that the config has.
    """
    if not isinstance(data, dict):
        raise msgspec.ValidationError("Expected `object`")
    for key in data:
        if key not in Document.__struct_fields__:
            raise msgspec.ValidationError(f"Object contains unknown field `{key}`")
    return Document(**{key: _convert_section(key, value) for key, value in data.items()})


def _convert_section(name: str, value: Plain) -> Any:
    try:
        return msgspec.convert(value, section_type(name), dec_hook=custom_type)
    except msgspec.ValidationError as failure:
        text, found, path = str(failure).partition(" - at `$")
        rest = path if found else "`"
        raise msgspec.ValidationError(f"{text} - at `$.{name}{rest}") from failure


def _shape_problems(data: Plain, message: str) -> Iterator[Problem]:
    """All problems of shape, and those of meaning in the sections of good shape: one run shows both."""
    from provision.formats import shape

    explained = False
    for problem in shape.explain(data):
        explained = True
        yield problem
    if not explained:
        yield shape.from_message(message)
    yield from section_problems(data)


def section_problems(data: Plain) -> Iterator[Problem]:
    """What is wrong with the sections of good shape, each looked at by itself."""
    own = _part("vars", data)
    for key in data if isinstance(data, dict) else ():
        part = _part(key, data)
        if part is None:
            continue  # explained above
        yield from check_variables(part)
        filled = Filled(part, ()) if own is None else fill(structs.replace(part, vars=own.vars))
        yield from (problem for problem in filled.problems if problem.place[0] == key)
        yield from moved(check_sections(filled.document), filled.moves_lines)


def _part(key: str, data: Plain) -> Document | None:
    """One section alone, when it is of good shape; a document without it when it is not there."""
    try:
        return convert({key: data[key]} if isinstance(data, dict) and key in data else {})
    except msgspec.ValidationError:
        return None
