"""What the lab shows while machines boot: a live table on a terminal, a line for each new step elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]
"""A machine as /v1/machines gives it."""

PENDING = Text("·", style="dim")


class Screen(Protocol):
    def show(self, rows: Sequence[Row], elapsed_s: float) -> None: ...

    def close(self) -> None: ...


def screen_for(console: Console) -> Screen:
    return LiveScreen(console) if console.is_terminal else LineScreen(console)


class LiveScreen:
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4, transient=False)
        self._live.start()

    def show(self, rows: Sequence[Row], elapsed_s: float) -> None:
        self._live.update(Group(boot_table(rows), Text(f"{elapsed_s:5.0f} s since power-on", style="dim")))

    def close(self) -> None:
        self._live.stop()


class LineScreen:
    """For logs: each step of each machine once, when its state changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[tuple[str, int, str, str, int]] = set()

    def show(self, rows: Sequence[Row], elapsed_s: float) -> None:
        for row in rows:
            for step in row["steps"]:
                said = (row["mac"], row["boot"] or 0, step["id"], step["state"], step["attempt"])
                if step["state"] != "pending" and said not in self._said:
                    self._said.add(said)
                    self._console.print(
                        f"{elapsed_s:6.1f} s  {row['name']:<10} {step['id']:<9} {step['state']}",
                        highlight=False,
                    )

    def close(self) -> None:
        return


def boot_table(rows: Sequence[Row]) -> Table:
    """Steps down, machines across, so that it fits 80 columns; each time counts from that machine's first packet."""
    table = Table(
        title="boot steps, seconds since each machine's first packet", title_style="bold", min_width=60
    )
    table.add_column("step")
    for row in rows:
        table.add_column(f"{row['name']}\n{row['address'] or ''}", justify="right")
    ids = list(dict.fromkeys(step["id"] for row in rows for step in row["steps"]))
    for step_id in ids:
        table.add_row(step_id, *(_cell(row, step_id) for row in rows))
    return table


def _cell(row: Row, step_id: str) -> Text:
    step = next((step for step in row["steps"] if step["id"] == step_id), None)
    if step is None or step["state"] == "pending":
        return PENDING
    if step["state"] == "running":
        return Text("…", style="yellow")
    at = f"{step['after_ms'] / 1000:.1f}" if step["after_ms"] is not None else "?"
    if step["state"] == "failed":
        return Text(f"failed ×{step['attempt']}", style="bold red")
    return Text(at, style="green")
