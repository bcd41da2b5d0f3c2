"""Words of unit files, quoted as systemd.syntax(7) and systemd.service(5) have it."""

from __future__ import annotations

import re

ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "%": "%%"}
PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,@+-]+")


def quoted(text: str) -> str:
    r"""`"text"` for Environment= and its like: \ and " escaped, % doubled because it starts a specifier."""
    return '"' + "".join(ESCAPES.get(char, char) for char in text) + '"'


def quoted_argv(argv: tuple[str, ...]) -> str:
    """A command line for ExecStart= and its like, where systemd would fill in variables: $ is doubled too.

    The program itself is never filled in, so it must have no $.
    """
    words = (word if PLAIN_WORD.fullmatch(word) else quoted(word).replace("$", "$$") for word in argv)
    return " ".join(words)
