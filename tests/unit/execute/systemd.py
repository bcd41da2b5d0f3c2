"""A systemd of data: knows the state of units, notes what it is asked for, refuses what it is told to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import structs

from provision.execute.command import Completed, DeadlineError
from provision.execute.running.system import RunningSystem


@dataclass
class FakeSystemd:
    """`units` maps names to lines of `systemctl show`; `refuses` are words of commands that fail."""

    units: dict[str, str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    hangs: set[str] = field(default_factory=set)
    on_call: Callable[[list[str]], None] = lambda _: None
    calls: list[list[str]] = field(default_factory=list)
    deadlines_s: dict[str, float] = field(default_factory=dict)

    def __call__(self, arguments: list[str], *, deadline_s: float) -> Completed:
        if "show" in arguments:
            names = arguments[arguments.index("--") + 1 :]
            return Completed(0, "\n".join(f"{self._state(name)}\n" for name in names), "")
        self.calls.append(arguments)
        self.deadlines_s[arguments[-1]] = deadline_s
        self.on_call(arguments)
        if self.hangs.intersection(arguments):
            raise DeadlineError(f"{arguments[0]} did not end within {deadline_s:g} s")
        if "journalctl" in arguments:
            return Completed(0, f"last words of {arguments[-1]}\n", "")
        refused = self.refuses.intersection(arguments)
        return Completed(1, "", f"no {min(refused)} today\n") if refused else Completed(0, "", "")

    def running(self, confirm_s: int | None = None) -> RunningSystem:
        return RunningSystem("boot-1", "provision.service", confirm_s, self)

    @property
    def told(self) -> list[str]:
        """Verbs with their units, without options."""
        calls = [[word for word in call if not word.startswith("-")] for call in self.calls]
        return [" ".join(call[1:] if call[0] == "systemctl" else call) for call in calls]

    def _state(self, name: str) -> str:
        return self.units.get(name, "LoadState=not-found\nActiveState=inactive\nSubState=dead")


RUNS = "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success"


def after_reboot(system: RunningSystem) -> RunningSystem:
    return structs.replace(system, boot_id="boot-2")
