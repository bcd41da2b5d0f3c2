"""`runcmd` and `bootcmd`: one script each, so that a `cd` or a variable of one line holds for the next."""

from __future__ import annotations

from provision.findings import Place, warning
from provision.formats.draft import Draft
from provision.formats.scripts import EARLY, run_each_boot, run_once

Lines = tuple[str | tuple[str | int | float, ...] | None, ...]


def translate_runcmd(lines: Lines, draft: Draft) -> None:
    if any(lines):
        run_once(draft, "runcmd", script_of(lines), ("runcmd",))


def translate_bootcmd(lines: Lines, draft: Draft) -> None:
    if not any(lines):
        return
    text = script_of(lines)
    place: Place = ("bootcmd",)
    if "INSTANCE_ID" in text:
        draft.report(warning("instance-id", place, "INSTANCE_ID is not set here", "read /etc/machine-id"))
    run_each_boot(draft, "bootcmd", text, place, EARLY)


def script_of(lines: Lines) -> str:
    """Text as it stands, lists with each item quoted; the last line's exit code is that of the script."""
    return "".join(["#!/bin/sh\n", *(f"{_line(line)}\n" for line in lines if line is not None)])


def _line(line: str | tuple[str | int | float, ...]) -> str:
    return line if isinstance(line, str) else " ".join(quoted(str(word)) for word in line)


def quoted(word: str) -> str:
    """For a shell, whatever it holds."""
    return "'" + word.replace("'", "'\\''") + "'"
