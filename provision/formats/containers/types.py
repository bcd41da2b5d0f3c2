"""MIME types of parts (https://cloudinit.readthedocs.io/en/latest/explanation/format.html), and their formats here."""

from __future__ import annotations

from msgspec import Struct

from provision.findings import Problem, did_you_mean, error
from provision.formats import format_of
from provision.formats.parts import Part, named

# None: the part's own first line says what it is.
TYPES: dict[str, str | None] = {
    "application/gzip": None,
    "application/gzip-compressed": None,
    "application/gzipped": None,
    "application/octet-stream": None,
    "application/vnd.coreos.ignition+json": "ignition",
    "application/x-compress": None,
    "application/x-compressed": None,
    "application/x-gunzip": None,
    "application/x-gzip": None,
    "application/x-gzip-compressed": None,
    "text/cloud-boothook": "boothook",
    "text/cloud-config": "cloud-config",
    "text/cloud-config-archive": "cloud-config-archive",
    "text/jinja2": "jinja",
    "text/plain": None,
    "text/x-include-once-url": "include",
    "text/x-include-url": "include",
    "text/x-not-multipart": None,
    "text/x-shellscript": "script",
    "text/x-shellscript-per-boot": "script-per-boot",
    "text/x-shellscript-per-instance": "script",
    "text/x-shellscript-per-once": "script",
}
# People give them these types whatever they are.
OWN_LINE_FIRST = ("script", "cloud-config")
SCRIPTS = ("script", "script-per-boot")


class Typed(Struct, frozen=True):
    """A part with its format, or why it has none."""

    part: Part
    problem: Problem | None = None


def typed(part: Part, kind: str) -> Typed:
    if kind not in TYPES:
        message = f"parts of type {kind!r} are not read"
        return Typed(part, error("part-type", (), message, did_you_mean(kind, TYPES)))
    told = TYPES[kind]
    own = format_of(part.data).name
    if told is None or (told in OWN_LINE_FIRST and own not in ("native", "unread")):
        return Typed(part)
    return Typed(named(part, told))


def in_order(parts: list[Part]) -> tuple[Part, ...]:
    """Scripts run when packages are installed and files are there, wherever they stand."""
    return tuple(sorted(parts, key=_is_script))


def _is_script(part: Part) -> bool:
    return (part.format or format_of(part.data).name) in SCRIPTS
