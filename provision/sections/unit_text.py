"""The text of unit files (systemd.syntax(7)): sections, `Key=value`, comments, continued lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error, warning
from provision.sections.unit_directives import DIRECTIVES, SECTIONS

SECTION = re.compile(r"\[([^\[\]]+)\]")
ASSIGNMENT = re.compile(r"[^\s=\[][^=]*=")


def check_unit_text(text: str, place: Place, unit_type: str) -> Iterator[Problem]:
    """Problems point at the line they are about. At most one about syntax: the rest follows from it."""
    if not text.strip():
        hint = "an empty unit file means masked; write `mask: true` for that"
        yield error("unit-empty", place, "the text is empty", hint)
        return
    known = SECTIONS.get(unit_type)
    section = ""
    for number, line in _logical_lines(text):
        if match := SECTION.fullmatch(line):
            section = match[1]
            if known:
                yield from _check_section(section, known, place, number)
        elif problem := _line_problem(line, inside=bool(section)):
            yield structs.replace(error("unit-syntax", place, problem), text_line=number)
            return
        elif problem := _relative_program(line):
            hint = "write an absolute path, or the name alone"
            yield structs.replace(error("unit-program", place, problem, hint), text_line=number)
        elif section in DIRECTIVES and (known is None or section in known):
            yield from _check_directive(line, section, known or frozenset(), place, number)


def section_names(text: str) -> set[str]:
    return {match[1] for _, line in _logical_lines(text) if (match := SECTION.fullmatch(line))}


def _check_section(name: str, known: frozenset[str], place: Place, number: int) -> Iterator[Problem]:
    if name in known or name.startswith("X-"):  # X- is for applications: systemd.unit(5)
        return
    hint = did_you_mean(name, known) or f"sections read here are {', '.join(sorted(known))}"
    problem = warning("unit-section", place, f"systemd ignores section [{name}] here", hint)
    yield structs.replace(problem, text_line=number)


def _check_directive(
    line: str, section: str, read_here: frozenset[str], place: Place, number: int
) -> Iterator[Problem]:
    name = line.partition("=")[0].strip()
    if name in DIRECTIVES[section] or name.startswith("X-"):
        return
    others = sorted(other for other in read_here if name in DIRECTIVES.get(other, ()))
    hint = (
        f"it belongs into [{others[0]}]" if others else did_you_mean(name, _alike(name, DIRECTIVES[section]))
    )
    message = f"systemd 252 knows no {name[:40]!r} in [{section}], and ignores it"
    yield structs.replace(warning("unit-directive", place, message, hint), text_line=number)


def _alike(name: str, known: frozenset[str]) -> list[str]:
    """The few worth the slow comparison: a large file can hold many unknown names."""
    start, end = name[:1].lower(), name[-3:].lower()
    return [
        other
        for other in sorted(known)
        if abs(len(other) - len(name)) <= 3 and (other[:1].lower() == start or other[-3:].lower() == end)
    ]


def _line_problem(line: str, *, inside: bool) -> str | None:
    if line.startswith("["):
        return f"{_short(line)} is no section header"
    if not ASSIGNMENT.match(line):
        return f"{_short(line)} is neither a section header nor Key=value"
    return None if inside else f"{_short(line)} stands before the first section header"


# systemd.service(5): @ - : + ! in front mean something; % begins what is known only on the machine.
EXEC = re.compile(
    r"Exec(?:Start(?:Pre|Post)?|Condition|Reload|Stop(?:Post)?)\s*=\s*[@:+!|-]*(?P<program>[^\s/%$\"'-][^\s/%$\"']*/[^\s\"']*)"
)


def _relative_program(line: str) -> str | None:
    match = EXEC.match(line)
    return f"systemd does not start {match['program'][:80]!r}: a path must begin with /" if match else None


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
