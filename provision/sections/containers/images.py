"""Image references: REGISTRY/NAME:TAG@DIGEST, in the grammar of the OCI distribution specification."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from provision.findings import Place, Problem, error, warning
from provision.variables import has_variable

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
NAME = re.compile(rf"(?:{DOMAIN}/)?{COMPONENT}(?:/{COMPONENT})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST_DIGITS = {"sha256": 64, "sha512": 128}


class Reference(Struct, frozen=True):
    name: str
    tag: str | None
    digest: str | None

    @property
    def has_registry(self) -> bool:
        """The first component is a host when it looks like one; otherwise the engine puts its own before it."""
        first, slash, _ = self.name.partition("/")
        return bool(slash) and ("." in first or ":" in first or first == "localhost")

    @property
    def exact(self) -> str:
        """Without the tag where a digest decides: skopeo takes no reference with both."""
        if self.digest:
            return f"{self.name}@{self.digest}"
        return f"{self.name}:{self.tag}" if self.tag else self.name


def parse(text: str) -> Reference:
    """The parts of a reference, not yet checked."""
    name, _, digest = text.partition("@")
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)  # an earlier one belongs to the registry's port
    tag = name[colon + 1 :] if colon >= 0 else None
    return Reference(name if tag is None else name[:colon], tag, digest if "@" in text else None)


def check_image(text: str, place: Place) -> Iterator[Problem]:
    if has_variable(text):
        return
    reference = parse(text)
    if not NAME.fullmatch(reference.name) or len(reference.name) > 255:
        hint = "lower-case: registry.example/team/name:tag@sha256:…"
        yield error("image", place, f"{text!r} is no image reference", hint)
    elif reference.tag is not None and not TAG.fullmatch(reference.tag):
        yield error("image", place, f"{reference.tag!r} is no tag", "letters, digits, _ . and -, at most 128")
    elif reference.digest is not None:
        yield from _check_digest(reference.digest, place)
    else:
        hint = "add the digest: name@sha256:…"
        message = "without a digest, machines that start on different days may run different images"
        yield warning("image-unpinned", place, message, hint)


def _check_digest(digest: str, place: Place) -> Iterator[Problem]:
    algorithm, _, digits = digest.partition(":")
    length = DIGEST_DIGITS.get(algorithm)
    if length is None:
        hint = f"algorithms are {' and '.join(DIGEST_DIGITS)}"
        yield error("digest", place, f"{algorithm!r} is no digest algorithm", hint)
    elif not re.fullmatch(rf"[0-9a-f]{{{length}}}", digits):
        message = (
            f"a {algorithm} has {length} lower-case hexadecimal digits, this has {len(digits)} characters"
        )
        yield error("digest", place, message)
