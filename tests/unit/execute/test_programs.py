"""Which programs are started for users, groups and units, and what is never in their arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import EnableUnit, EnsureGroup, EnsureUser, MaskUnit, Secret
from provision.errors import ProvisionError
from provision.execute.command import Completed, missing_program
from provision.execute.handlers import handler_of
from provision.execute.machine import ActionError, Machine
from provision.execute.target import Target


class Recorder:
    """A fake of all programs: keeps what they were called with, answers from a table by first words."""

    def __init__(self, **answers: Completed) -> None:
        self.calls: list[tuple[list[str], str]] = []
        self.answers = answers

    def __call__(self, arguments: list[str], *, stdin: str = "") -> Completed:
        self.calls.append((arguments, stdin))
        verb = next((word for word in arguments if word in self.answers), "")
        return self.answers.get(verb, Completed(0, "", ""))


def machine(root: Path, programs: Recorder) -> Machine:
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("core:x:0:0::/:/bin/sh\n")
    (root / "etc/group").write_text("core:x:0:\nsudo:x:27:\nops:x:1500:core\n")
    (root / "etc/shadow").write_text("core:*:1::::::\n")
    return Machine(Target(root), {}, programs)


def test_a_group_is_added_below_the_root(tmp_path: Path) -> None:
    programs = Recorder()

    handler_of(EnsureGroup("web")).perform(machine(tmp_path, programs), [EnsureGroup("web", gid=900)])

    assert programs.calls == [(["groupadd", "--root", str(tmp_path), "--gid", "900", "web"], "")]


def test_a_password_hash_goes_through_standard_input_only(tmp_path: Path) -> None:
    programs = Recorder()
    action = EnsureUser("core", password_hash=Secret("$6$salt$hash"))

    handler_of(action).perform(machine(tmp_path, programs), [action])

    assert programs.calls == [(["chpasswd", "--encrypted", "--root", str(tmp_path)], "core:$6$salt$hash\n")]


def test_only_missing_memberships_are_added(tmp_path: Path) -> None:
    programs = Recorder()
    action = EnsureUser("core", groups=("ops", "sudo"))

    handler_of(action).perform(machine(tmp_path, programs), [action])

    assert programs.calls[0][0] == [
        "usermod",
        "--root",
        str(tmp_path),
        "--append",
        "--groups",
        "sudo",
        "core",
    ]


def test_a_difference_never_shows_the_password_hash(tmp_path: Path) -> None:
    action = EnsureUser("core", password_hash=Secret("$6$salt$hash"))

    (difference,) = handler_of(action).probe(machine(tmp_path, Recorder()), [action])

    assert difference is not None
    assert difference.lines == ("-password <secret>", "+password <secret>")


def test_units_are_enabled_with_one_call(tmp_path: Path) -> None:
    programs = Recorder()
    actions = [EnableUnit("a.service", True), EnableUnit("b.service", True), EnableUnit("c.service", False)]

    handler_of(actions[0]).perform(machine(tmp_path, programs), actions)

    systemctl = ["systemctl", f"--root={tmp_path}", "--no-pager"]
    assert [arguments for arguments, _ in programs.calls] == [
        [*systemctl, "enable", "a.service", "b.service"],
        [*systemctl, "disable", "c.service"],
    ]


def test_units_of_users_are_enabled_with_a_call_of_their_own(tmp_path: Path) -> None:
    programs = Recorder()
    actions = [EnableUnit("a.service", True, user=True), EnableUnit("a.service", True)]

    handler_of(actions[0]).perform(machine(tmp_path, programs), actions)

    systemctl = ["systemctl", f"--root={tmp_path}", "--no-pager"]
    assert [arguments for arguments, _ in programs.calls] == [
        [*systemctl, "enable", "a.service"],
        [*systemctl, "--global", "enable", "a.service"],
    ]


@pytest.mark.parametrize(
    ("state", "differs"),
    [
        pytest.param("enabled", False, id="enabled already"),
        pytest.param("disabled", True, id="disabled"),
        pytest.param("static", False, id="static has nothing to enable"),
        pytest.param("masked", True, id="masked"),
    ],
)
def test_a_unit_to_be_enabled_is_compared_by_its_state(tmp_path: Path, state: str, differs: bool) -> None:
    make_unit(tmp_path, "usr/lib/systemd/system/a.service")
    listed = f'[{{"unit_file":"a.service","state":"{state}","preset":null}}]'
    programs = Recorder(**{"list-unit-files": Completed(0, listed, "")})
    action = EnableUnit("a.service", True)

    (difference,) = handler_of(action).probe(machine(tmp_path, programs), [action])

    assert (difference is not None) == differs


def test_a_unit_that_systemd_does_not_find_is_to_be_created(tmp_path: Path) -> None:
    make_unit(tmp_path, "etc/systemd/system/a.service")
    programs = Recorder(**{"list-unit-files": Completed(1, "[]", "")})
    action = MaskUnit("a.service", True)

    (difference,) = handler_of(action).probe(machine(tmp_path, programs), [action])

    assert difference is not None
    assert difference.lines == ("+masked",)


def test_systemctl_is_not_asked_about_a_unit_without_a_file(tmp_path: Path) -> None:
    make_unit(tmp_path, "usr/lib/systemd/user/a.service")  # of users, which is another unit
    programs = Recorder()
    action = EnableUnit("a.service", True)

    (difference,) = handler_of(action).probe(machine(tmp_path, programs), [action])

    assert difference is not None
    assert difference.lines == ("+enabled",)
    assert programs.calls == []


def make_unit(root: Path, name: str) -> None:
    place = root / name
    place.parent.mkdir(parents=True)
    place.write_text("[Service]\nExecStart=/bin/true\n")


def test_the_unit_that_systemctl_refuses_is_named(tmp_path: Path) -> None:
    programs = Recorder(enable=Completed(1, "", "unit does not exist"))
    action = EnableUnit("a.service", True)

    with pytest.raises(ActionError, match="unit does not exist") as caught:
        handler_of(action).perform(machine(tmp_path, programs), [action])

    assert caught.value.action is action


def test_a_missing_program_names_the_package_to_install() -> None:
    with pytest.raises(ProvisionError, match=r"program 'useradd' is not installed .*package 'passwd'"):
        raise missing_program("useradd")
