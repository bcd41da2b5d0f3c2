"""Rows of results beside what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is at most `limit`, or at least that much if `is_floor`; otherwise the aim is missed. A row without a
    limit is there to compare with.
    """

    what: str
    ours: str
    peers: str
    value: float
    limit: float | None
    unit: str = "×"
    is_floor: bool = False

    @property
    def is_missed(self) -> bool:
        if self.limit is None:
            return False
        return self.value < self.limit if self.is_floor else self.value > self.limit


def aims(rows: Sequence[Row], ours: str) -> str:
    """A table of them; `ours` is the name of what is measured."""
    cells = [("what", ours, "peer", "result", "aim", "")]
    for row in rows:
        digits = 1 if row.unit == "MiB" else 2
        sign = "≥" if row.is_floor else "≤"
        result = f"{row.value:.{digits}f} {row.unit}"
        aim = "" if row.limit is None else f"{sign} {row.limit:.{digits}f} {row.unit}"
        cells.append((row.what, row.ours, row.peers, result, aim, "missed" if row.is_missed else ""))
    return table(cells)


def table(cells: Sequence[Sequence[str]]) -> str:
    """Markdown, its columns aligned; the first line is the heading."""
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
