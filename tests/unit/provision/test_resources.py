"""What `provision status` says about one resource."""

from __future__ import annotations

import pytest

from provision.actions import EnableUnit, EnsureDirectory, EnsureUser, RemovePath, Step, WriteFile
from provision.commands.resources import actual_text, as_lines, resources, wanted_fields
from provision.execute.drift import Actual, State
from provision.execute.journal import StepRecord
from provision.execute.wanted import Wanted

MOTD = Wanted(Step(WriteFile("/etc/motd", b""), "files[0]"), (("sha256:" + "ab" * 32,),))


@pytest.mark.parametrize(
    ("actual", "text"),
    [
        pytest.param(Actual(State.OK), "as wanted", id="right"),
        pytest.param(Actual(State.MISSING, ("+mode 0644",)), "missing", id="missing"),
        pytest.param(
            Actual(State.DIFFERS, ("-mode 0600", "+mode 0644", "content differs")),
            "mode 0600, content differs",
            id="what it has is said, not what it should have",
        ),
        pytest.param(Actual(State.DIFFERS, ("+member of sudo",)), "not member of sudo", id="lacking"),
        pytest.param(Actual(State.DIFFERS, ("-disabled", "+enabled")), "disabled, not enabled", id="unit"),
        pytest.param(Actual(State.DIFFERS), "still there", id="nothing to say"),
        pytest.param(
            Actual(State.UNKNOWN, ("not known: only root sees it",)), "only root sees it", id="hidden"
        ),
    ],
)
def test_what_is_there_is_said_in_one_line(actual: Actual, text: str) -> None:
    assert actual_text(actual) == text


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        pytest.param(
            MOTD,
            {"mode": "0644", "user": "root", "group": "root", "content": "sha256:" + "ab" * 32},
            id="content by its digest",
        ),
        pytest.param(
            Wanted(Step(EnsureUser("core", uid=1000), "users[0]"), (("keyed:00",),)),
            {"uid": 1000, "password_hash": "<secret>"},
            id="nothing of a secret",
        ),
        pytest.param(
            Wanted(Step(EnsureDirectory("/srv"), "directories[0]")),
            {"user": "root", "group": "root"},
            id="any mode",
        ),
        pytest.param(Wanted(Step(EnableUnit("a", enabled=False), "units[0]")), {"enabled": False}, id="off"),
        pytest.param(Wanted(Step(RemovePath("/etc/issue"), "files[1]")), {"absent": True}, id="absent"),
    ],
)
def test_what_is_wanted_is_told_by_field(wanted: Wanted, fields: dict[str, object]) -> None:
    assert wanted_fields(wanted) == fields


def test_the_last_change_is_the_newest_in_the_journal() -> None:
    first = StepRecord("run-1", "t1", "files[0]", "file /etc/motd", "created", 1)
    second = StepRecord("run-2", "t2", "files[0]", "file /etc/motd", "failed", 1, "no space left")

    (found,) = resources([MOTD], [Actual(State.OK)], [first, second])

    assert found.last == second
    assert as_lines([found], everything=False, coloured=False) == [
        "1 of 1 resources are as wanted (--all lists them)"
    ]
