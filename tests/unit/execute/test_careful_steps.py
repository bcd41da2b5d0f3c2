"""`overwrite: own`: only what an earlier apply made is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import EnsureLink, RemoteContent, Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.plan.build import Plan

REMOTE = RemoteContent("http://server/b", None, None)


def run(root: Path, *steps: Step) -> Outcome:
    with Target(root) as target:
        contents = {REMOTE: b"b\n"}
        return apply(Plan(steps), target, contents=contents, journal=Journal(target), on_step=lambda _: None)


def file(content: bytes | RemoteContent) -> Step:
    return Step(WriteFile("/a", content, overwrite="own"), "files[0]")


def link(target: str) -> Step:
    return Step(EnsureLink("/a", target, overwrite="own"), "links[0]")


@pytest.mark.parametrize("step", [file(b"new"), file(REMOTE), link("elsewhere")])
def test_what_others_made_is_refused_before_anything_changes(tmp_path: Path, step: Step) -> None:
    (tmp_path / "a").write_text("theirs")

    with pytest.raises(ProvisionError, match="is there already") as caught:
        run(tmp_path, Step(WriteFile("/b", b""), "files[1]"), step)

    assert caught.value.path == step.because
    assert (tmp_path / "a").read_text() == "theirs"
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(("first", "then"), [(file(b"one"), file(REMOTE)), (link("one"), link("two"))])
def test_what_an_apply_made_is_replaced_by_the_next(tmp_path: Path, first: Step, then: Step) -> None:
    assert run(tmp_path, first).created == 1
    assert run(tmp_path, then).changed == 1
    assert run(tmp_path, then).unchanged == 1


def test_what_is_as_asked_for_may_be_anybodys(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("b\n")

    assert run(tmp_path, file(REMOTE)) == Outcome(unchanged=1)
