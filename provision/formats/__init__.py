"""Front ends: one a format, each turns bytes into a Document or findings."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from provision.document import Document
from provision.findings import Finding
from provision.formats import native
from provision.formats.locate import Layout
from provision.resolve import Resolver


class Format(Struct, frozen=True):
    """`recognises` looks at the bytes alone; the first format that says yes loads them."""

    name: str
    recognises: Callable[[bytes], bool]
    load: Callable[[bytes, str, Resolver | None], tuple[Document | None, tuple[Finding, ...], Layout | None]]


FORMATS: tuple[Format, ...] = (
    Format("native", recognises=lambda _: True, load=native.load),  # last: takes what nobody else does
)
