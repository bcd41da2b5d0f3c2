"""What the lab says about machines, from the rows the server gives."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from pxeserver.lab.demo import is_done
from pxeserver.lab.screen import LineScreen, boot_table


def row(name: str, *states: str) -> dict[str, Any]:
    steps = [
        {"id": step, "state": state, "after_ms": 1500 * number, "attempt": 1}
        for number, (step, state) in enumerate(zip(("offer", "script", "join"), states, strict=True))
    ]
    return {
        "mac": f"52:54:00:77:00:0{name[-1]}",
        "name": name,
        "address": "10.77.0.11",
        "boot": 1,
        "steps": steps,
    }


def test_a_machine_is_done_when_every_step_is() -> None:
    assert is_done(row("node1", "ok", "ok", "ok"))
    assert not is_done(row("node1", "ok", "ok", "running"))
    assert not is_done(row("node1", "ok", "failed", "ok"))


def test_the_table_has_a_row_for_each_step_and_a_column_for_each_machine() -> None:
    console = Console(width=80, record=True, file=None, quiet=False, force_terminal=False)

    with console.capture() as capture:
        console.print(
            boot_table([row("node1", "ok", "ok", "pending"), row("node2", "ok", "failed", "pending")])
        )

    lines = capture.get().splitlines()
    script = next(line for line in lines if "script" in line)
    assert "1.5" in script
    assert "failed" in script
    assert any("node1" in line and "node2" in line for line in lines)


def test_without_a_terminal_each_step_is_said_once() -> None:
    console = Console(width=80, force_terminal=False)
    screen = LineScreen(console)

    with console.capture() as capture:
        screen.show([row("node1", "ok", "running", "pending")], 2.0)
        screen.show([row("node1", "ok", "running", "pending")], 3.0)
        screen.show([row("node1", "ok", "ok", "pending")], 4.0)

    assert capture.get().splitlines() == [
        "   2.0 s  node1      offer     ok",
        "   2.0 s  node1      script    running",
        "   4.0 s  node1      script    ok",
    ]
