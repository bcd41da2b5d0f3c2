"""Steps, and applies of them on a running system of data."""

from __future__ import annotations

from pathlib import Path

from provision.actions import Step, WriteFile
from provision.execute.apply import StepResult, apply
from provision.execute.journal import Journal
from provision.execute.running.system import RunningSystem
from provision.execute.target import Gate, Target, straight
from provision.plan.build import Plan
from tests.unit.execute.systemd import RUNS, FakeSystemd

UNITS = "/etc/systemd/system"


def unit(name: str, text: str = "new") -> Step:
    return Step(WriteFile(f"{UNITS}/{name}", text.encode()), f"units[{name}]")


NETWORK = Step(WriteFile("/etc/systemd/network/1.network", b"new"), "network.interfaces[0]")


def run(root: Path, system: RunningSystem | None, *steps: Step, gate: Gate = straight) -> list[StepResult]:
    results: list[StepResult] = []
    with Target(root, gate=gate) as target:
        journal = Journal(target)
        apply(Plan(steps), target, contents={}, journal=journal, on_step=results.append, system=system)
    return results


def running(*names: str) -> FakeSystemd:
    return FakeSystemd(dict.fromkeys(names, RUNS))
