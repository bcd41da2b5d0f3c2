"""The syntax of unit files (systemd.syntax(7)): sections, `Key=value`, comments, continued lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from provision.findings import Place, Problem, did_you_mean, error, warning

SECTION = re.compile(r"\[([^\[\]]+)\]")
ASSIGNMENT = re.compile(r"[^\s=\[][^=]*=")

# The section each type of unit reads besides [Unit] and [Install]; systemd ignores others with a log line.
TYPE_SECTIONS = {
    "automount": "Automount",
    "mount": "Mount",
    "path": "Path",
    "scope": "Scope",
    "service": "Service",
    "slice": "Slice",
    "socket": "Socket",
    "swap": "Swap",
    "timer": "Timer",
}


def check_unit_text(text: str, place: Place, unit_type: str) -> Iterator[Problem]:
    """Problems point at the line they are about. At most one about syntax: the rest follows from it."""
    if not text.strip():
        hint = "an empty unit file means masked; write `mask: true` for that"
        yield error("unit-empty", place, "the text is empty", hint)
        return
    own = TYPE_SECTIONS.get(unit_type)
    known = {"Unit", "Install", own} if own else None
    inside = False
    for number, line in _logical_lines(text):
        if match := SECTION.fullmatch(line):
            inside = True
            if known:
                yield from _check_section(match[1], known, place, number)
        elif problem := _line_problem(line, inside=inside):
            yield replace(error("unit-syntax", place, problem), text_line=number)
            return


def section_names(text: str) -> set[str]:
    return {match[1] for _, line in _logical_lines(text) if (match := SECTION.fullmatch(line))}


def _check_section(name: str, known: set[str], place: Place, number: int) -> Iterator[Problem]:
    if name in known or name.startswith("X-"):  # X- is for applications: systemd.unit(5)
        return
    hint = did_you_mean(name, known) or f"sections read here are {', '.join(sorted(known))}"
    problem = warning("unit-section", place, f"systemd ignores section [{name}] here", hint)
    yield replace(problem, text_line=number)


def _line_problem(line: str, *, inside: bool) -> str | None:
    if line.startswith("["):
        return f"{_short(line)} is no section header"
    if not ASSIGNMENT.match(line):
        return f"{_short(line)} is neither a section header nor Key=value"
    return None if inside else f"{_short(line)} stands before the first section header"


def _short(line: str) -> str:
    """Only what stands before `=`: a value may be a secret."""
    return repr(line.partition("=")[0][:40])


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that mean something, with their number from 0; a continued line counts as its first."""
    continued = False
    for number, raw in enumerate(text.splitlines()):
        line = raw.strip()
        if line.startswith(("#", ";")):  # a comment inside a continued line does not end it
            continue
        if line and not continued:
            yield number, line.removesuffix("\\")
        continued = line.endswith("\\")
