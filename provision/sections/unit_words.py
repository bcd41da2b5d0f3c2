"""Values as unit files and environment files hold them, so that systemd reads back exactly what is meant."""

from __future__ import annotations

import re

# What has no meaning to systemd wherever it stands in a value.
PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+-]+")

# systemd.syntax(7), "Quoting"; a line break in the text would end the line of the file.
ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
}
NEEDS_ESCAPE = re.compile(r"[\x00-\x1f\x7f\\]")


def word(text: str) -> str:
    """One word of a list, as Environment= and BindPaths= take it. `%` is doubled: it starts a specifier."""
    if PLAIN.fullmatch(text):
        return text
    return quoted(text, "'" if '"' in text and "'" not in text else '"')


def quoted(text: str, mark: str = '"') -> str:
    """As `word`, in quotation marks whether it needs them or not."""
    escaped = NEEDS_ESCAPE.sub(_escape, text).replace(mark, f"\\{mark}")
    return f"{mark}{escaped.replace('%', '%%')}{mark}"


def argument(text: str) -> str:
    """One argument of ExecStart= and its like, where `$` starts a variable too: systemd.service(5)."""
    return word(text).replace("$", "$$")


def command_line(argv: tuple[str, ...]) -> str:
    """A whole command for ExecStart= and its like. systemd fills nothing in for the program: it must have no `$`."""
    return " ".join(text if PLAIN.fullmatch(text) else quoted(text).replace("$", "$$") for text in argv)


def single(text: str) -> str:
    """The whole value of a setting that is not split into words, such as Description=."""
    return text.replace("%", "%%")


def environment_line(name: str, value: str) -> str:
    """A line of a file for EnvironmentFile=, which knows no specifiers: systemd.exec(5)."""
    escaped = re.sub(r'([\\"`$])', r"\\\1", value)
    return f'{name}="{escaped}"\n'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return ESCAPES.get(char) or f"\\x{ord(char):02x}"
