"""Reads values of unit files as systemd does: the rules of systemd.syntax(7), systemd.unit(5), systemd.service(5).

Written from those pages alone, so that what the agent writes is read by other code than its own.
"""

from __future__ import annotations

import re

CODES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
PLAIN_ESCAPES = "\\\"'"


def settings(text: str, name: str) -> list[str]:
    """Values of a setting; a backslash at the end of a line joins the next, comment lines within are skipped."""
    lines: list[str] = []
    joined = ""
    for raw in re.split(r"[\n\r\0]", text):
        line = raw.strip(" \t")
        if line.startswith(("#", ";")):
            continue
        joined += line
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        lines.append(joined)
        joined = ""
    return [line.partition("=")[2].strip() for line in lines if line.startswith(f"{name}=")]


def words(value: str) -> list[str]:
    """The words of a value, quotes and escapes resolved, specifiers replaced."""
    found: list[str] = []
    position = 0
    while position < len(value):
        if value[position] in " \t":
            position += 1
            continue
        text, position = _word(value, position)
        found.append(_specifiers(text))
    return found


def arguments(value: str) -> list[str]:
    """Words of a command line, after systemd has put variables in; no variable is set."""
    assert not re.search(r"(^|[ \t\r\n]);([ \t\r\n]|$)", value), "a lone ; begins another command"
    return [_variables(word) for word in words(value)]


def environment_file(text: str) -> dict[str, str]:
    """EnvironmentFile= as systemd.exec(5) has it: quoted values, in which a backslash escapes \\ " ` and $."""
    pairs = (line.partition("=") for line in text.split("\n") if line)
    return {name: re.sub(r'\\([\\"`$])', r"\1", _unquoted(value)) for name, _, value in pairs}


def _word(value: str, start: int) -> tuple[str, int]:
    text, quote, position = "", "", start
    while position < len(value):
        char = value[position]
        if quote and char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        elif not quote and char in " \t":
            return text, position
        elif char == "\\":
            decoded, width = _escape(value[position + 1 :])
            text += decoded
            position += width
        else:
            text += char
        position += 1
    assert not quote, f"open quote in {value!r}"
    return text, position


def _escape(rest: str) -> tuple[str, int]:
    if rest[0] in CODES:
        return CODES[rest[0]], 1
    if rest[0] in PLAIN_ESCAPES:
        return rest[0], 1
    match = re.match(r"x([0-9a-f]{2})", rest)
    assert match, f"unknown escape \\{rest[:1]}"
    return chr(int(match[1], 16)), 3


def _specifiers(text: str) -> str:
    assert not re.search(r"%[^%]", re.sub("%%", "", text)), f"a specifier in {text!r}"
    return text.replace("%%", "%")


def _variables(word: str) -> str:
    return re.sub(r"\$\$|\$\{\w*\}|\$\w+", lambda match: "$" if match[0] == "$$" else "", word)


def _unquoted(value: str) -> str:
    assert len(value) >= 2 and value[0] == value[-1] == '"'
    return value[1:-1]
