"""Files of several pieces, some of which are fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import AppendText, RemoteContent, Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, apply
from provision.execute.drift import State, compare
from provision.execute.journal import Journal
from provision.execute.machine import Machine
from provision.execute.survey import probe_steps
from provision.execute.target import Target
from provision.execute.wanted import read_wanted
from provision.plan.build import Plan

FIRST = RemoteContent("http://server/first", "sha256", "00")
REST = RemoteContent("http://server/rest", None, None)
CONTENTS = {FIRST: b"first", REST: b"rest"}
WHOLE = Step(WriteFile("/whole", FIRST, rest=(b"+", REST)), "files[0]")
ADDED = Step(AppendText("/added", (b"text\n", REST)), "files[1]")


def run(root: Path, contents: dict[RemoteContent, bytes]) -> Outcome:
    with Target(root) as target:
        journal = Journal(target)
        return apply(Plan((WHOLE, ADDED)), target, contents=contents, journal=journal, on_step=lambda _: None)


def states(root: Path) -> list[State]:
    with Target(root) as target:
        return [found.state for found in compare(Machine(target), read_wanted(target) or ())]


def test_pieces_follow_each_other_and_are_there_once(tmp_path: Path) -> None:
    (tmp_path / "added").write_text("theirs")

    assert run(tmp_path, CONTENTS) == Outcome(created=1, changed=1)
    assert run(tmp_path, CONTENTS) == Outcome(unchanged=2)
    assert (tmp_path / "whole").read_text() == "first+rest"
    assert (tmp_path / "added").read_text() == "theirs\ntext\nrest\n"
    assert states(tmp_path) == [State.OK, State.OK]


def test_a_piece_that_is_another_now_is_found(tmp_path: Path) -> None:
    run(tmp_path, CONTENTS)
    (tmp_path / "whole").write_text("first+others")
    (tmp_path / "added").write_text("text\n")

    assert states(tmp_path) == [State.DIFFERS, State.DIFFERS]
    assert run(tmp_path, {**CONTENTS, REST: b"new"}) == Outcome(changed=2)
    assert (tmp_path / "whole").read_text() == "first+new"


def test_pieces_that_were_not_fetched_are_told_by_their_url(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        found = probe_steps(Machine(target, {FIRST: b"first"}), (WHOLE, ADDED))

    assert [line for one in found if one for line in one.lines if "http" in line] == [
        "+content of http://server/rest"
    ] * 2
    with pytest.raises(ProvisionError, match="was not fetched"):
        run(tmp_path, {FIRST: b"first"})
