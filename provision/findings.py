"""Findings: what is wrong with a config, as data, and the three ways to print them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

Place = tuple[str | int, ...]
"""Where a value sits in the config: ("users", 0, "name")."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Problem(Struct, frozen=True):
    """What a check reports, before anyone knows which line of which file it is about.

    `at_key` points at the key instead of its value. `text_line` (from 0) is a line inside a block of text.
    `sensitive` hides the value in the source excerpt: it may be a secret put in the wrong field.
    """

    severity: Severity
    code: str
    place: Place
    message: str
    hint: str | None = None
    at_key: bool = False
    sensitive: bool = False
    text_line: int | None = None


class Finding(Struct, frozen=True):
    """A problem with its place in the user's file. Lines and columns count from 1.

    `excerpt` is the source line with secrets masked, `width` the columns the caret underlines. `part` is the part
    of the file that it is about, when the file consists of parts.
    """

    severity: Severity
    code: str
    path: str
    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    excerpt: str | None = None
    width: int = 1
    part: str | None = None


class FileReport(Struct, frozen=True):
    """What `validate` found in one file."""

    file: str
    format: str
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        return not has_errors(self.findings)

    @property
    def warnings(self) -> int:
        return sum(finding.severity is Severity.WARNING for finding in self.findings)


def error(code: str, place: Place, message: str, hint: str | None = None) -> Problem:
    return Problem(Severity.ERROR, code, place, message, hint)


def warning(code: str, place: Place, message: str, hint: str | None = None) -> Problem:
    return Problem(Severity.WARNING, code, place, message, hint)


def note(code: str, place: Place, message: str, hint: str | None = None) -> Problem:
    """Nothing is wrong, but it is good to know."""
    return Problem(Severity.NOTE, code, place, message, hint)


def has_errors(findings: Iterable[Finding | Problem]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def path_text(place: Place) -> str:
    """The config path as users read it: `users[0].ssh_authorized_keys[1]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


PATH_PART = r"\[(\d+)\]|([^.\[\]]+)"  # compiled when first used: a valid config has no path to be read


def place_of(path: str) -> Place:
    """The place that `path_text` wrote, as far as no key has a dot or bracket in it."""
    return tuple(int(part[1]) if part[1] else part[2] for part in re.finditer(PATH_PART, path))


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """A hint naming the closest choice, or None when nothing is close."""
    ordered = sorted(choices)
    folded = name.lower().replace("-", "_")
    close = [choice for choice in ordered if choice.lower().replace("-", "_") == folded]
    if not close:
        import difflib  # not at the top: a config without findings needs no similar words

        close = difflib.get_close_matches(name, ordered, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else None


def render_text(reports: Sequence[FileReport]) -> str:
    """For people: each finding with the source line and a caret, then one line of sums a file."""
    return "".join(_file_text(report) for report in reports)


def render_json(reports: Sequence[FileReport]) -> str:
    """For programs: one JSON object, the shape documented for `validate --format json`."""

    import json

    return json.dumps({"files": [_file_object(report) for report in reports]}, indent=2) + "\n"


def render_github(reports: Sequence[FileReport]) -> str:
    """For GitHub Actions: one workflow command a finding, shown beside the line in a pull request."""
    return "".join(_annotation(finding) for report in reports for finding in report.findings)


def _file_text(report: FileReport) -> str:
    blocks = [_finding_text(finding) for finding in report.findings]
    return "".join(f"{block}\n" for block in blocks) + f"{report.file}: {_summary(report)}\n"


def _summary(report: FileReport) -> str:
    counts = [
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in Severity
        if (number := sum(finding.severity is severity for finding in report.findings))
    ]
    return ", ".join(["valid" if report.valid else "invalid", *counts])


def _finding_text(finding: Finding) -> str:
    where = f"{finding.path}: " if finding.path else ""
    number = str(finding.line)
    margin = " " * len(number)
    lines = [
        f"{finding.severity}[{finding.code}]: {where}{finding.message}",
        f"{margin}--> {finding.file}:{finding.line}:{finding.column}{_part_text(finding)}",
    ]
    if finding.excerpt is not None:
        text, column = _window(finding.excerpt, finding.column)
        caret = "^" * max(1, min(finding.width, len(text) - column + 1))
        lines += [f"{margin} |", f"{number} | {text}", f"{margin} | {' ' * (column - 1)}{caret}"]
    if finding.hint:
        lines.append(f"{margin} = hint: {finding.hint}")
    return "\n".join(lines) + "\n"


def _part_text(finding: Finding) -> str:
    return f" ({finding.part})" if finding.part else ""


MAX_EXCERPT_COLUMNS = 100  # fits a terminal; an SSH key or a line of base64 has many more


def _window(line: str, column: int) -> tuple[str, int]:
    """At most MAX_EXCERPT_COLUMNS of the line around the column, safe to print, and the column in it."""
    start = 0 if column <= MAX_EXCERPT_COLUMNS - 20 else column - MAX_EXCERPT_COLUMNS // 2
    # A terminal obeys escape characters in a config just as well as ours: only printable ones are shown.
    text = "".join(char if char.isprintable() else " " for char in line[start : start + MAX_EXCERPT_COLUMNS])
    return text.rstrip(), column - start


def _file_object(report: FileReport) -> dict[str, object]:
    findings = [
        {
            "severity": str(finding.severity),
            "code": finding.code,
            "path": finding.path,
            "line": finding.line,
            "column": finding.column,
            "message": finding.message,
            "hint": finding.hint,
            # Only where a reader would look in the wrong file: at what the config includes.
            **({"file": finding.file} if finding.file != report.file else {}),
            **({"part": finding.part} if finding.part else {}),
        }
        for finding in report.findings
    ]
    return {"file": report.file, "format": report.format, "valid": report.valid, "findings": findings}


def _annotation(finding: Finding) -> str:
    command = {Severity.NOTE: "notice"}.get(finding.severity, str(finding.severity))
    where = f"file={_property(finding.file)},line={finding.line},col={finding.column}"
    path = f"{finding.path}: " if finding.path else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    title = _property(f"provision {finding.code}")
    return (
        f"::{command} {where},title={title}::{_data(path + finding.message + hint + _part_text(finding))}\n"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
