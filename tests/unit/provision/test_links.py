"""Section `links`: who owns a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import EnsureLink, Step
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.plan.build import Plan
from tests.unit.provision.checks import codes


def run(root: Path, link: EnsureLink) -> Outcome:
    with Target(root) as target:
        steps = (Step(link, "links[0]"),)
        return apply(Plan(steps), target, contents={}, journal=Journal(target), on_step=lambda _: None)


def owner(root: Path) -> tuple[int, int]:
    entry = (root / "l").lstat()
    return entry.st_uid, entry.st_gid


def test_a_link_has_the_owner_that_is_asked_for_and_else_keeps_its_own(tmp_path: Path) -> None:
    assert run(tmp_path, EnsureLink("/l", "a", user=5)).created == 1
    assert owner(tmp_path) == (5, 0)
    assert run(tmp_path, EnsureLink("/l", "a", group=6)).changed == 1
    assert owner(tmp_path) == (5, 6)
    assert run(tmp_path, EnsureLink("/l", "a")).unchanged == 1
    assert run(tmp_path, EnsureLink("/l", "b")).changed == 1
    assert owner(tmp_path) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("user: root", []),
        ("user: nobody2", ["unknown-user links[0].user"]),
        ("group: -1", ["out-of-range links[0].group"]),
        ("hard: true, target: /b, user: root", ["link-owner links[0].user"]),
    ],
)
def test_what_is_said_about_the_owner_of_a_link(fields: str, expected: list[str]) -> None:
    target = "" if "target" in fields else "target: b, "
    assert codes(f"links: [{{path: /a, {target}{fields}}}]") == expected
