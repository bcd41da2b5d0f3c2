"""Front ends: one a format, each turns bytes into a Document or findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provision.document import Document
from provision.findings import Finding, Problem
from provision.formats import native
from provision.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Format:
    """`recognises` looks at the bytes alone; the first format that says yes loads them."""

    name: str
    recognises: Callable[[bytes], bool]
    load: Callable[
        [bytes, str, Resolver | None, tuple[Problem, ...]], tuple[Document | None, tuple[Finding, ...]]
    ]


FORMATS: tuple[Format, ...] = (
    Format("native", recognises=lambda _: True, load=native.load),  # last: takes what nobody else does
)
