"""A folder is a test: its config, applied to a root directory (before.txt), must give plan.txt and after.txt.

With earlier.yaml, that config was applied first. UPDATE_GOLDEN=1 writes plan.txt and after.txt anew; read the diff.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provision.commands.plan import facts_for, find_changes
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.load import load_bytes
from provision.plan.build import Plan, plan
from provision.plan.render import render_text
from provision.resolve import Includes
from tests.golden.apply.tree import build_tree, describe_tree

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/config.*"))  # .yaml, or of another format


def read_plan(file: Path, root: Path) -> Plan:
    resolver = Includes(directory=str(file.parent))
    loaded = load_bytes(file.read_bytes(), file=file.name, resolver=resolver)
    assert loaded.document is not None, loaded.findings
    return plan(loaded.document, facts_for(loaded.document, root))


def apply_config(file: Path, root: Path) -> Outcome:
    with Target(root) as target:
        journal = Journal(target)
        return apply(read_plan(file, root), target, contents={}, journal=journal, on_step=lambda _: None)


def plan_text(file: Path, root: Path) -> str:
    with Target(root) as target:
        return render_text(find_changes(read_plan(file, root), target).changes)


def expect(place: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(text)
    assert text == place.read_text(), place


@pytest.mark.parametrize("config", CASES, ids=lambda config: config.parent.name)
def test_the_plan_and_the_tree_are_as_written_down(config: Path, tmp_path: Path) -> None:
    folder = config.parent
    build_tree(tmp_path, (folder / "before.txt").read_text())
    if (folder / "earlier.yaml").exists():
        apply_config(folder / "earlier.yaml", tmp_path)

    expect(folder / "plan.txt", plan_text(config, tmp_path))
    apply_config(config, tmp_path)

    expect(folder / "after.txt", describe_tree(tmp_path))


@pytest.mark.parametrize("config", CASES, ids=lambda config: config.parent.name)
def test_a_second_apply_has_nothing_to_do(config: Path, tmp_path: Path) -> None:
    build_tree(tmp_path, (config.parent / "before.txt").read_text())
    first = apply_config(config, tmp_path)
    tree = describe_tree(tmp_path)

    second = apply_config(config, tmp_path)

    everything = first.created + first.changed + first.removed + first.unchanged
    assert second == Outcome(unchanged=everything)
    assert describe_tree(tmp_path) == tree
    assert plan_text(config, tmp_path) == "nothing to do: the machine is as asked for\n"


@pytest.mark.parametrize("config", CASES, ids=lambda config: config.parent.name)
def test_a_plan_changes_nothing(config: Path, tmp_path: Path) -> None:
    build_tree(tmp_path, (config.parent / "before.txt").read_text())
    tree = describe_tree(tmp_path)

    plan_text(config, tmp_path)

    assert describe_tree(tmp_path) == tree
    assert not (tmp_path / "var").exists()


def test_a_root_given_relative_to_here_is_as_good_as_an_absolute_one(tmp_path: Path) -> None:
    folder = HERE / "users"
    (tmp_path / "root").mkdir()
    build_tree(tmp_path / "root", (folder / "before.txt").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "provision", "apply", str(folder / "config.yaml"), "--root", "root"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (
        plan_text(folder / "config.yaml", tmp_path / "root") == "nothing to do: the machine is as asked for\n"
    )
