"""Power is cut at every single change to the file system; running again ends in the same tree."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provision.actions import (
    EnsureAuthorizedKeys,
    EnsureDirectory,
    EnsureKernelArguments,
    EnsureLink,
    RemoteContent,
    Step,
    UnpackTree,
    WriteFile,
)
from provision.execute.apply import apply
from provision.execute.journal import Journal
from provision.execute.target import Gate, Target
from provision.fetch.gather import missing
from provision.kernel_arguments import GRUB_PATH
from provision.plan.build import Plan
from provision.plan.order import ordered
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting
from tests.unit.execute.tree import describe_tree
from tests.unit.provision.archives import archive

PLAN = Plan(
    ordered(
        [
            Step(EnsureDirectory("/srv/data", 0o750), "directories[0]"),
            Step(EnsureDirectory("/etc", 0o700), "directories[1]"),
            Step(WriteFile("/etc/motd", b"new text"), "files[0]"),
            Step(WriteFile("/opt/app/conf/main", b"x=1", 0o600), "files[1]"),
            Step(WriteFile("/srv/data/table", b"rows", 0o640), "files[2]"),
            Step(EnsureKernelArguments(GRUB_PATH, ("quiet",), ("splash",)), "kernel.arguments"),
            Step(EnsureLink("/etc/app", "/opt/app"), "links[0]"),
            Step(EnsureLink("/opt/app/copy", "/srv/data/table", hard=True), "links[1]"),
            Step(EnsureAuthorizedKeys("core", ("ssh-ed25519 AAAA me",)), "users[0].ssh_authorized_keys"),
        ]
    )
)
NEXT_PLAN = Plan((Step(WriteFile("/etc/motd", b"newer text"), "files[0]"),))

# More than any of the runs below makes; a run that is longer fails the last assertion of its test.
MOST_CHANGES = 400


def make_root(place: Path) -> Path:
    (place / "etc").mkdir(parents=True)
    (place / "etc/motd").write_text("old text")
    (place / "etc/default").mkdir()
    (place / "etc/default/grub").write_text("")
    (place / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\ncore:x:0:0::/home/core:/bin/sh\n")
    (place / "etc/group").write_text("root:x:0:\n")
    return place


def run(root: Path, plan: Plan, gate: Gate) -> None:
    with Target(root, gate=gate) as target:
        apply(plan, target, contents={}, journal=Journal(target), on_step=lambda _: None)


def is_cut(root: Path, plan: Plan, changes: int) -> bool:
    try:
        run(root, plan, FailingPower(changes))
    except PowerCut:
        return True
    return False


@pytest.mark.long
def test_a_run_cut_at_any_change_and_started_again_ends_in_the_same_tree(tmp_path: Path) -> None:
    whole = make_root(tmp_path / "whole")
    run(whole, PLAN, without_waiting)

    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        cut = is_cut(root, PLAN, changes)
        run(root, PLAN, without_waiting)

        assert describe_tree(root) == describe_tree(whole), f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


@pytest.mark.long
def test_a_removal_cut_at_any_change_and_started_again_ends_in_the_same_tree(tmp_path: Path) -> None:
    whole = make_root(tmp_path / "whole")
    run(whole, PLAN, without_waiting)
    run(whole, NEXT_PLAN, without_waiting)

    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        run(root, PLAN, without_waiting)
        cut = is_cut(root, NEXT_PLAN, changes)
        run(root, NEXT_PLAN, without_waiting)

        assert describe_tree(root) == describe_tree(whole), f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


@pytest.mark.long
def test_what_a_cut_run_created_is_removed_when_no_longer_asked_for(tmp_path: Path) -> None:
    clean = make_root(tmp_path / "clean")
    run(clean, NEXT_PLAN, without_waiting)
    (clean / "etc").chmod(0o700)

    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        cut = is_cut(root, PLAN, changes)
        run(root, NEXT_PLAN, without_waiting)
        (root / "etc").chmod(0o700)

        assert describe_tree(root) == describe_tree(clean), f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


@pytest.mark.parametrize("changes", [0, 1, 5, 50])
def test_an_old_file_is_whole_until_the_new_one_is_there(tmp_path: Path, changes: int) -> None:
    root = make_root(tmp_path / "root")

    is_cut(root, PLAN, changes)

    assert (root / "etc/motd").read_text() in ("old text", "new text")


def tree_plan(data: bytes) -> tuple[Plan, dict[RemoteContent, bytes]]:
    remote = RemoteContent("http://server/site", "sha256", hashlib.sha256(data).hexdigest())
    return Plan((Step(UnpackTree("/srv", remote), "trees[0].source"),)), {remote: data}


def unpack(root: Path, data: bytes, gate: Gate) -> None:
    plan, contents = tree_plan(data)
    with Target(root, gate=gate) as target:
        needed = dict.fromkeys(remote for remote, _ in missing(plan, target))
        contents = {remote: contents[remote] for remote in needed}
        apply(plan, target, contents=contents, journal=Journal(target), on_step=lambda _: None)


@pytest.mark.long
def test_a_tree_replaced_with_a_cut_at_any_change_ends_as_the_new_one(tmp_path: Path) -> None:
    old = archive(("file", "page", "one"), ("file", "kind/changes", ""), ("file", "going/away", ""))
    new = archive(("file", "page", "two"), ("link", "kind", "page"), ("hard link", "same", "page"))
    whole = make_root(tmp_path / "whole")
    unpack(whole, old, without_waiting)
    unpack(whole, new, without_waiting)

    for changes in range(MOST_CHANGES):
        root = make_root(tmp_path / str(changes))
        cut = False
        unpack(root, old, without_waiting)
        try:
            unpack(root, new, FailingPower(changes))
        except PowerCut:
            cut = True
        unpack(root, new, without_waiting)

        assert describe_tree(root) == describe_tree(whole), f"cut after {changes} changes"
        assert len(list((root / "var/lib/provision/trees").iterdir())) == 1
        if not cut:
            break
    assert not cut
