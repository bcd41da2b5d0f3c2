"""A home directory is there completely or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.execute.accounts import User
from provision.execute.home import make_home
from provision.execute.target import Gate, Target
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting
from tests.unit.execute.tree import describe_tree

CORE = User("core", 1000, 1001, "", "/home/core", "/bin/sh")
HOME = [
    "directory 0700 /home/core",
    "directory 0755 /home/core/.config",
    "file 0600 x1 /home/core/.config/rc b'x=1'",
    "link /home/core/.profile -> .config/rc",
]
MOST_CHANGES = 200


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "root")


def make_root(place: Path) -> Path:
    (place / "etc/skel/.config").mkdir(parents=True)
    (place / "etc/skel/.config/rc").write_text("x=1")
    (place / "etc/skel/.config/rc").chmod(0o600)
    (place / "etc/skel/.profile").symlink_to(".config/rc")
    return place


def make(root: Path, gate: Gate) -> None:
    with Target(root, gate=gate) as target:
        make_home(target, CORE)


def home(root: Path) -> list[str]:
    return [line for line in describe_tree(root) if " /home/" in line]


def test_a_home_is_a_copy_of_the_skeleton_that_belongs_to_the_user(root: Path) -> None:
    make(root, without_waiting)

    assert home(root) == HOME
    owners = {
        (entry.lstat().st_uid, entry.lstat().st_gid) for entry in (root / "home/core").rglob("*.config*")
    }
    assert owners == {(1000, 1001)}


def test_a_root_without_a_skeleton_gets_an_empty_home(tmp_path: Path) -> None:
    make(tmp_path, without_waiting)

    assert describe_tree(tmp_path) == ["directory 0755 /home", "directory 0700 /home/core"]


def test_power_cut_at_any_change_leaves_no_half_of_a_home(tmp_path: Path) -> None:
    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        cut = False
        try:
            make(root, FailingPower(changes))
        except PowerCut:
            cut = True
        assert not (root / "home/core").exists() or cut is False or home(root) == HOME

        if not (root / "home/core").exists():
            make(root, without_waiting)
        assert home(root) == HOME, f"cut after {changes} changes"
        if not cut:
            break
    assert not cut
