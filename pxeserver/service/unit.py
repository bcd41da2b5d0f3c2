"""The unit file, with the command line it is to run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from pxeserver.errors import ServerError

UNIT_NAME = "pxeserver.service"
_COMMAND = "@COMMAND@"
_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
# What ProtectHome=yes hides from a service (systemd.exec(5)).
HIDDEN_FOLDERS = (Path("/home"), Path("/root"), Path("/run/user"))


def service_unit(argv: Sequence[str]) -> str:
    """The text of the unit that runs `argv`, which names its program by an absolute path."""
    text = (resources.files("pxeserver.service") / UNIT_NAME).read_text()
    return text.replace(_COMMAND, " ".join(_quoted(word) for word in argv))


def check_visible(path: Path) -> Path:
    """The path, absolute; ServerError for one that the service could not see."""
    absolute = path.absolute()
    for folder in HIDDEN_FOLDERS:
        if absolute.is_relative_to(folder):
            raise ServerError(
                f"{absolute}: a service sees nothing below {folder}; put it below /opt, /srv or /etc"
            )
    return absolute


def _quoted(word: str) -> str:
    """As systemd reads it: % begins a specifier, $ a variable (systemd.service(5), COMMAND LINES)."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return word if _PLAIN.fullmatch(word) else f'"{escaped}"'
