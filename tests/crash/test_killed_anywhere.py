"""Apply and all its children are killed at a system call that changes the file system; applied again, all is well.

The calls are those of every process: the agent, useradd, usermod, chpasswd, systemctl and the others. With
--every-point, as in `make test`, each of them is the last one once; else an even sample.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.crash.machines import Roots, apply, different, output_of
from tests.crash.system_calls import Run, Verdict, at
from tests.golden.apply.tree import describe_tree

SHARES = 4  # tests that can run side by side
SAMPLE = 3  # points of each share

Point = tuple[int, Verdict]


def points_of(run: Run) -> list[Point]:
    """Before each call; for a write, also when half of it is done."""
    found: list[Point] = []
    for call in run.calls:
        if not call.is_sync:
            found.append((call.number, Verdict.CUT))
        if call.is_write:
            found.append((call.number, Verdict.TORN))
    return found


def sample(points: list[Point], share: int, *, every: bool) -> list[Point]:
    mine = points[share::SHARES]
    step = 1 if every else len(mine) // SAMPLE
    return mine[share * step // SHARES :: step]


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_any_change_and_applied_again_the_tree_is_that_of_an_uninterrupted_run(
    memory: Path, share: int, every_point: bool
) -> None:
    roots = Roots(memory)
    whole = roots.copy("whole")
    run = apply(whole, "config.yaml")
    assert run.exit_code == 0, output_of(whole).read_text()
    programs = {call.program for call in run.calls}
    assert programs >= {"chpasswd", "groupadd", "groupdel", "systemctl", "useradd", "userdel", "usermod"}

    wrong = []
    for number, event in sample(points_of(run), share, every=every_point):
        root = roots.copy(f"{number}-{event.name}")
        cut = apply(root, "config.yaml", at(number, event))
        again = apply(root, "config.yaml")

        assert cut.exit_code is None, f"{cut.calls[-1]} came, and nothing was killed"
        difference = different(describe_tree(whole), describe_tree(root))
        if again.exit_code != 0 or difference:
            wrong.append(f"{event.name} {cut.calls[-1]}:\n{output_of(root).read_text()}{difference}")
        shutil.rmtree(root)
    assert not wrong, "\n".join(wrong)
