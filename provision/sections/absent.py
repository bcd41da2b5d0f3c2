"""`absent: true`: an entry that says what shall not be there says nothing else about it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, structs

from provision.findings import Place, Problem, error


def check_absent(entry: Struct, place: Place, *, beside: tuple[str, ...]) -> Iterator[Problem]:
    """`beside` are the fields that still mean something: what it is, and how it is removed."""
    for field in structs.fields(entry):
        if field.name in ("absent", *beside) or getattr(entry, field.name) == field.default:
            continue
        message = f"{field.name} says nothing about what shall be absent"
        problem = error("absent-with-more", (*place, field.name), message, "remove it, or `absent`")
        yield structs.replace(problem, at_key=True)
