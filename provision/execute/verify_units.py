"""What systemd itself finds wrong with the units of a config, where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from provision.errors import ProvisionError
from provision.execute.command import Programs, run_program
from provision.findings import Place, Problem, warning
from provision.sections.units import Unit, is_network_file, unit_path
from provision.variables import has_variable

if TYPE_CHECKING:
    from provision.document import Document

LINE = re.compile(r"(?P<path>/\S+):(?P<line>[0-9]+): (?P<message>.+)")
UNIT = re.compile(r"(?P<name>[^\s/:]+\.[a-z]+): (?P<message>.+)")
# What is not so on the machine where it is validated, what only says that something else was said, and what
# the section itself says with a hint.
NOT_OURS = re.compile(
    r"Command .* is not executable|Unit configuration has fatal error|Unknown (?:key name|lvalue|section)"
    r"|Failed to (?:load|create|add|open|resolve)|not found|No such file|User/Group"
)


class Text(Struct, frozen=True):
    """One unit file or drop-in below the root that systemd reads."""

    path: str
    text: str
    place: Place


def verify_units(document: Document, *, programs: Programs = run_program) -> tuple[Problem, ...]:
    """Takes some 20 ms; nothing when there is no `systemd-analyze`."""
    texts = [text for index, unit in enumerate(document.units) for text in _texts(unit, ("units", index))]
    if not texts:
        return ()
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="provision-") as name:
        root = Path(name)
        for text in texts:
            path = root / text.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.text)
        units = sorted(
            {Path(text.path).name for text in texts if text.place[-1] == "content" and len(text.place) == 3}
        )
        options = [f"--root={root}", "--man=no", "--recursive-errors=no"]
        try:
            said = programs(["systemd-analyze", "verify", *options, "--", *units]).stderr
        except ProvisionError:  # not installed, or it does not end: the config is not to blame
            return ()
    return tuple(_problems(said, str(root), {text.path: text.place for text in texts}))


def _texts(unit: Unit, place: Place) -> Iterator[Text]:
    """Of a unit that is whole: drop-ins of the system's own units complete what is not here."""
    if unit.content is None or unit.scope == "user" or is_network_file(unit.name) or has_variable(unit.name):
        return
    path = unit_path(unit)
    yield Text(path, unit.content, (*place, "content"))
    for number, dropin in enumerate(unit.dropins):
        yield Text(f"{path}.d/{dropin.name}", dropin.content, (*place, "dropins", number, "content"))


def _problems(said: str, root: str, places: Mapping[str, Place]) -> Iterator[Problem]:
    by_name = {Path(path).name: place for path, place in places.items() if len(place) == 3}
    for line in dict.fromkeys(said.splitlines()):
        if NOT_OURS.search(line):
            continue
        if (match := LINE.fullmatch(line)) and match["path"].removeprefix(root) in places:
            place = places[match["path"].removeprefix(root)]
            problem = warning("unit-verify", place, f"systemd says: {_without_values(match['message'])}")
            yield structs.replace(problem, text_line=int(match["line"]) - 1)
        elif (match := UNIT.fullmatch(line)) and match["name"] in by_name:
            yield warning("unit-verify", by_name[match["name"]], f"systemd says: {match['message']}")


def _without_values(message: str) -> str:
    """A value of the environment can be a secret."""
    return message.partition(": ")[0] if "environment" in message.lower() else message
