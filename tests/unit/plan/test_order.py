"""Steps come in an order in which each finds what it needs."""

from __future__ import annotations

from provision.actions import (
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureDirectory,
    EnsureGroup,
    EnsureLink,
    EnsureUser,
    MaskUnit,
    Step,
    WriteFile,
)
from provision.plan.describe import describe
from provision.plan.order import ordered


def test_owners_come_before_what_they_own_and_units_last() -> None:
    steps = [
        Step(EnableUnit("a.service", True), ""),
        Step(MaskUnit("b.service", False), ""),
        Step(EnsureLink("/hard", "/file", hard=True), ""),
        Step(EnsureLink("/soft", "/file"), ""),
        Step(WriteFile("/file", b""), ""),
        Step(EnsureDirectory("/srv/a/b"), ""),
        Step(EnsureDirectory("/srv"), ""),
        Step(EnsureAuthorizedKeys("core", ()), ""),
        Step(EnsureUser("core"), ""),
        Step(EnsureGroup("ops"), ""),
    ]

    assert [describe(step.action) for step in ordered(steps)] == [
        "group ops",
        "user core",
        "SSH keys of core",
        "directory /srv",
        "directory /srv/a/b",
        "file /file",
        "link /soft",
        "hard link /hard",
        "unit b.service",
        "unit a.service",
    ]


def test_steps_that_do_not_depend_on_each_other_keep_the_order_of_the_config() -> None:
    steps = [Step(WriteFile(path, b""), "") for path in ("/z", "/a", "/m")]

    assert list(ordered(steps)) == steps
