"""The paths that a section makes or removes: a section says which, `across` finds those that cannot be together."""

from __future__ import annotations

from msgspec import Struct

from provision.findings import Place


class Claim(Struct, frozen=True):
    """`kind`: absent, directory, file or link."""

    path: str
    place: Place
    kind: str = "file"
