"""Blocks between marks in files that others write too."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import Action, EnsureBlock, Step
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, apply
from provision.execute.handlers.blocks import block_of, with_block, without_block
from provision.execute.journal import Journal
from provision.execute.target import Gate, Target
from provision.plan.build import Plan
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting

A = EnsureBlock("/etc/list", "a", b"one\ntwo\n")
B = EnsureBlock("/etc/list", "b", b"three\n")
BLOCK_A = b"# provision: begin a\none\ntwo\n# provision: end a\n"
BLOCK_B = b"# provision: begin b\nthree\n# provision: end b\n"


def run(root: Path, *actions: Action, gate: Gate = without_waiting) -> Outcome:
    plan = Plan(tuple(Step(action, f"blocks[{index}]") for index, action in enumerate(actions)))
    with Target(root, gate=gate) as target:
        return apply(plan, target, contents={}, journal=Journal(target), on_step=lambda _: None)


def list_in(root: Path, content: bytes | None = b"theirs\n") -> Path:
    (root / "etc").mkdir(parents=True)
    if content is not None:
        (root / "etc/list").write_bytes(content)
    return root / "etc/list"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"", BLOCK_A, id="empty"),
        pytest.param(b"theirs\n", b"theirs\n" + BLOCK_A, id="at the end"),
        pytest.param(b"theirs", b"theirs\n" + BLOCK_A, id="after a last line that is open"),
        pytest.param(BLOCK_A + b"theirs\n", BLOCK_A + b"theirs\n", id="is there"),
        pytest.param(
            b"x\n# provision: begin a\nold\n# provision: end a\ny\n",
            b"x\n" + BLOCK_A + b"y\n",
            id="in its place",
        ),
        pytest.param(
            b"# provision: begin a\nx\n" + BLOCK_A,
            b"# provision: begin a\nx\n" + BLOCK_A,
            id="one that lost its end",
        ),
        pytest.param(
            b"x # provision: end a\n", b"x # provision: end a\n" + BLOCK_A, id="a mark inside a line"
        ),
    ],
)
def test_a_block_is_put_into_a_text(before: bytes, after: bytes) -> None:
    assert with_block(before, A) == after
    assert block_of(after, "a") == b"one\ntwo\n"


def test_a_block_is_taken_out_and_the_rest_stays() -> None:
    assert without_block(b"x\n" + BLOCK_A + BLOCK_B + b"y\n", "a") == b"x\n" + BLOCK_B + b"y\n"
    assert without_block(b"x\n", "a") == b"x\n"


def test_a_file_keeps_its_mode_and_a_second_apply_has_nothing_to_do(tmp_path: Path) -> None:
    file = list_in(tmp_path)
    file.chmod(0o640)

    first, second = run(tmp_path, A, B), run(tmp_path, A, B)

    assert (first, second) == (Outcome(created=2), Outcome(unchanged=2))
    assert file.read_bytes() == b"theirs\n" + BLOCK_A + BLOCK_B
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_others_did_to_the_file_is_kept_and_to_the_block_is_undone(tmp_path: Path) -> None:
    file = list_in(tmp_path)
    run(tmp_path, A)
    file.write_bytes(b"more\n" + BLOCK_A.replace(b"one", b"other") + b"last\n")

    assert run(tmp_path, A) == Outcome(changed=1)
    assert file.read_bytes() == b"more\n" + BLOCK_A + b"last\n"


def test_a_block_that_is_no_longer_asked_for_goes(tmp_path: Path) -> None:
    file = list_in(tmp_path)
    run(tmp_path, A, B)

    assert run(tmp_path, B) == Outcome(removed=1, unchanged=1)
    assert file.read_bytes() == b"theirs\n" + BLOCK_B


def test_a_file_that_was_made_for_its_blocks_goes_with_the_last_one(tmp_path: Path) -> None:
    file = list_in(tmp_path, None)
    run(tmp_path, A)
    assert file.read_bytes() == BLOCK_A

    run(tmp_path)

    assert not file.exists()


def test_a_block_that_was_there_before_us_stays(tmp_path: Path) -> None:
    file = list_in(tmp_path, BLOCK_A)
    run(tmp_path, A)

    run(tmp_path)

    assert file.read_bytes() == BLOCK_A


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    list_in(tmp_path, None).symlink_to("/etc/passwd")

    with pytest.raises(ProvisionError, match="/etc/list is a link"):
        run(tmp_path, A)


def test_power_cut_at_any_change_leaves_their_lines_and_the_next_run_ends_right(tmp_path: Path) -> None:
    for changes in range(200):
        file = list_in(tmp_path / str(changes))
        run(file.parents[1], A)
        try:
            run(file.parents[1], B, gate=FailingPower(changes))
            break
        except PowerCut:
            assert b"theirs\n" in file.read_bytes()
        run(file.parents[1], B)
        assert file.read_bytes() == b"theirs\n" + BLOCK_B
        assert [entry.name for entry in file.parent.iterdir()] == ["list"]
    else:
        raise AssertionError("more changes than expected")
