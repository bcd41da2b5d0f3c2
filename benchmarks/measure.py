"""Runs programs and tells what they cost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

# Compiled modules are kept, as they are on an installed system.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall-clock and user CPU time in seconds, and the largest resident size in KiB."""

    wall_s: float
    user_s: float
    peak_kib: int


@dataclass(frozen=True, slots=True)
class Task:
    """Programs run one after the other, as one measurement; `prepare`, before each, is not measured."""

    commands: tuple[Sequence[str], ...]
    environment: Mapping[str, str] | None = None
    prepare: Callable[[], None] = lambda: None


def medians(tasks: Sequence[Task], *, runs: int) -> list[Cost]:
    """The median costs of each task. They take turns, so that what else the machine does hits them alike."""
    for task in tasks:
        _cost(task)  # the first run fills the caches
    rounds = [[_cost(task) for task in tasks] for _ in range(runs)]
    return [
        Cost(
            wall_s=median(cost.wall_s for cost in costs),
            user_s=median(cost.user_s for cost in costs),
            peak_kib=max(cost.peak_kib for cost in costs),
        )
        for costs in zip(*rounds, strict=True)
    ]


def _cost(task: Task) -> Cost:
    task.prepare()
    costs = [_run(command, {**ENVIRONMENT, **(task.environment or {})}) for command in task.commands]
    return Cost(
        wall_s=sum(cost.wall_s for cost in costs),
        user_s=sum(cost.user_s for cost in costs),
        peak_kib=max(cost.peak_kib for cost in costs),
    )


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """The program must succeed: a failure is not to be measured as speed."""
    began = time.perf_counter()
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
        child = os.posix_spawnp(command[0], list(command), dict(environment), file_actions=actions)
    finally:
        os.close(nothing)
    _, status, used = os.wait4(child, 0)
    wall_s = time.perf_counter() - began
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return Cost(wall_s, used.ru_utime, used.ru_maxrss)
