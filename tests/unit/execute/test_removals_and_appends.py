"""Removing what is there, appending to it, keeping it: on a root directory, with power cuts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from provision.actions import AppendText, EnsureDirectory, RemovePath, Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.target import Gate, Target
from provision.plan.build import Plan
from provision.plan.order import ordered
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting
from tests.unit.execute.tree import describe_tree

P = ParamSpec("P")
T = TypeVar("T")

# More than any of the runs below makes; a run that is longer fails the last assertion of its test.
MOST_CHANGES = 300
PLAN = (
    Step(RemovePath("/srv/old", directory=True, recursive=True), "directories[0]"),
    Step(RemovePath("/srv/empty", directory=True), "directories[1]"),
    Step(RemovePath("/etc/stale"), "files[0]"),
    Step(AppendText("/etc/profile", (b"a=1\n", b"b=2\n")), "files[1]"),
    Step(AppendText("/opt/new", (b"c=3\n",), mode=0o600), "files[2]"),
)


def make_root(place: Path) -> Path:
    (place / "etc").mkdir(parents=True)
    (place / "etc/profile").write_text("x=1\nb=2")
    (place / "etc/stale").write_text("stale")
    (place / "srv/empty").mkdir(parents=True)
    (place / "srv/old/deep/er").mkdir(parents=True)
    (place / "srv/old/deep/file").write_text("x")
    (place / "srv/old/out").symlink_to("/etc")
    return place


def run(root: Path, *steps: Step, gate: Gate = without_waiting) -> Outcome:
    with Target(root, gate=gate) as target:
        plan = Plan(ordered(steps))
        return apply(plan, target, contents={}, journal=Journal(target), on_step=lambda _: None)


@pytest.mark.long
def test_a_run_cut_at_any_change_and_started_again_ends_in_the_same_tree(tmp_path: Path) -> None:
    whole = make_root(tmp_path / "whole")
    run(whole, *PLAN)

    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        cut = False
        try:
            run(root, *PLAN, gate=FailingPower(changes))
        except PowerCut:
            cut = True
        run(root, *PLAN)

        assert describe_tree(root) == describe_tree(whole), f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


def test_a_second_apply_has_nothing_to_do(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")

    assert run(root, *PLAN) == Outcome(created=1, changed=1, removed=3)
    assert run(root, *PLAN) == Outcome(unchanged=5)


def test_a_tree_is_removed_without_following_its_links(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")

    run(root, PLAN[0])

    assert not (root / "srv/old").exists()
    assert (root / "etc/profile").exists()


def test_a_removal_never_leaves_the_root(tmp_path: Path) -> None:
    outside = tmp_path / "outside/dir"
    outside.mkdir(parents=True)
    (outside / "file").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / "up").symlink_to("../outside")
    (root / "absolute").symlink_to(tmp_path / "outside")

    for path in ("/up/dir", "/absolute/dir", "/../outside/dir"):
        run(root, Step(RemovePath(path, directory=True, recursive=True), "directories[0]"))
        run(root, Step(RemovePath(f"{path}/file"), "files[0]"))

    assert (outside / "file").exists()


class Swapper:
    """At a given change puts a link to outside in the place of a directory that is being removed."""

    def __init__(self, changes_left: int, directory: Path, points_to: Path) -> None:
        self.changes_left = changes_left
        self.directory = directory
        self.points_to = points_to

    def __call__(self, change: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.changes_left == 0 and self.directory.exists():
            self.directory.rename(self.directory.parent / "moved")
            self.directory.symlink_to(self.points_to)
        self.changes_left -= 1
        return without_waiting(change, *args, **kwargs)


@pytest.mark.parametrize("changes", range(12))
def test_a_link_swapped_in_during_a_removal_never_leads_outside(tmp_path: Path, changes: int) -> None:
    outside = tmp_path / "outside"
    (outside / "er").mkdir(parents=True)
    (outside / "file").touch()
    root = make_root(tmp_path / "root")

    with contextlib.suppress(ProvisionError):
        run(root, PLAN[0], gate=Swapper(changes, root / "srv/old/deep", outside))

    assert sorted(entry.name for entry in outside.iterdir()) == ["er", "file"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        pytest.param(
            RemovePath("/srv/old", directory=True), "/srv/old is not empty .*recursive: true", id="not empty"
        ),
        pytest.param(RemovePath("/srv/old"), "/srv/old is a directory .*under directories", id="directory"),
        pytest.param(
            RemovePath("/etc/stale", directory=True, recursive=True),
            "/etc/stale is a file .*under files",
            id="file",
        ),
        pytest.param(
            RemovePath("/srv/old/out", directory=True, recursive=True), "/srv/old/out is a link", id="link"
        ),
        pytest.param(AppendText("/srv/old/out", (b"x\n",)), "/srv/old/out is a link", id="append to a link"),
        pytest.param(AppendText("/srv/old", (b"x\n",)), "/srv/old is a directory", id="append to directory"),
    ],
)
def test_what_is_not_what_the_config_says_stays(
    tmp_path: Path, action: RemovePath | AppendText, message: str
) -> None:
    root = make_root(tmp_path / "root")
    before = [line for line in describe_tree(root) if "/var" not in line]

    with pytest.raises(ProvisionError, match=message) as caught:
        run(root, Step(action, "files[7]"))

    assert caught.value.path == "files[7]"
    assert describe_tree(root) == before


def test_a_text_is_appended_once_even_when_others_append_too(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    step = Step(AppendText("/etc/profile", (b"a=1\n", b"=1\n")), "files[0]")

    run(root, step)
    with (root / "etc/profile").open("a") as file:
        file.write("theirs=1\n")
    run(root, step)

    assert (root / "etc/profile").read_text() == "x=1\nb=2\na=1\n=1\ntheirs=1\n"


def test_appending_keeps_mode_and_owner_unless_they_are_given(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    os.chown(root / "etc/profile", 1000, 1001)
    (root / "etc/profile").chmod(0o640)

    run(root, Step(AppendText("/etc/profile", (b"a=1\n",)), "files[0]"))
    run(root, Step(AppendText("/etc/stale", (b"a=1\n",), mode=0o600, user=1000, group=1001), "files[0]"))

    for name, mode in (("profile", 0o640), ("stale", 0o600)):
        entry = (root / "etc" / name).stat()
        assert (entry.st_mode & 0o7777, entry.st_uid, entry.st_gid) == (mode, 1000, 1001)


def test_appended_texts_stay_when_nobody_asks_for_them_any_more(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    run(root, PLAN[3], PLAN[4])

    run(root)

    assert (root / "etc/profile").read_text() == "x=1\nb=2\na=1\n"
    assert (root / "opt/new").read_text() == "c=3\n"


def test_a_file_that_is_not_to_be_overwritten_is_made_once(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    keep = Step(WriteFile("/etc/profile", b"ours", mode=0o600, overwrite=False), "files[0]")
    once = Step(WriteFile("/etc/once", b"ours", overwrite=False), "files[1]")

    assert run(root, keep, once) == Outcome(created=1, unchanged=1)
    (root / "etc/once").write_text("edited")
    assert run(root, keep, once) == Outcome(unchanged=2)

    assert (root / "etc/profile").read_text() == "x=1\nb=2"
    run(root)
    assert (root / "etc/profile").exists()
    assert not (root / "etc/once").exists()


def test_set_id_and_sticky_bits_survive_the_change_of_owner(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")

    run(
        root,
        Step(WriteFile("/opt/tool", b"", mode=0o4755, user=1000, group=1000), "files[0]"),
        Step(EnsureDirectory("/opt/shared", 0o3775, user=1000, group=1000), "directories[0]"),
    )

    assert "file 4755 x1 /opt/tool b''" in describe_tree(root)
    assert "directory 3775 /opt/shared" in describe_tree(root)
