"""Kernel arguments go where the machine's boot loader looks, and mean there what the config says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provision.actions import EnsureKernelArguments, Step
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.kernel_arguments import COMMAND_LINE_PATH, GRUB_PATH, edited, grub_text
from provision.plan.build import Plan

PRESENT = ("console=ttyS0,115200", "mitigations=auto", 'dyndbg="file a.c +p"')
ABSENT = ("quiet", "console=tty0")
PLAN = Plan(
    tuple(
        Step(EnsureKernelArguments(path, PRESENT, ABSENT), "kernel.arguments")
        for path in (GRUB_PATH, COMMAND_LINE_PATH)
    )
)


def applied(plan: Plan, root: Path) -> Outcome:
    with Target(root) as target:
        return apply(plan, target, contents={}, journal=Journal(target), on_step=lambda _: None)


def in_shell(root: Path) -> list[str]:
    """The two variables as grub-mkconfig finds them: under `set -e`, the settings first, then the drop-ins."""
    script = (
        "set -e; . etc/default/grub; for x in etc/default/grub.d/*.cfg; do . ./$x; done; "
        'echo "$GRUB_CMDLINE_LINUX"; echo "$GRUB_CMDLINE_LINUX_DEFAULT"'
    )
    done = subprocess.run(["dash", "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def with_grub(root: Path, settings: str) -> None:
    (root / "etc/default").mkdir(parents=True)
    (root / "etc/default/grub").write_text(settings)


def test_grub_reads_what_was_asked_for_beside_what_was_there(tmp_path: Path) -> None:
    with_grub(
        tmp_path,
        'GRUB_CMDLINE_LINUX="console=tty0 a=*"\nGRUB_CMDLINE_LINUX_DEFAULT="ro quiet quiet=1 quieter"\n',
    )

    assert applied(PLAN, tmp_path) == Outcome(created=1, unchanged=1)

    assert in_shell(tmp_path) == [
        'a=* console=ttyS0,115200 mitigations=auto dyndbg="file a.c +p"',
        "ro quieter",
    ]
    assert not (tmp_path / "etc/kernel").exists(), "nothing is written that nobody reads"
    assert applied(PLAN, tmp_path) == Outcome(unchanged=2)


def test_settings_that_grub_leaves_out_are_no_trouble(tmp_path: Path) -> None:
    with_grub(tmp_path, "GRUB_TIMEOUT=5\n")
    applied(PLAN, tmp_path)

    assert in_shell(tmp_path) == [' console=ttyS0,115200 mitigations=auto dyndbg="file a.c +p"', ""]


def test_grubs_file_goes_when_the_arguments_do(tmp_path: Path) -> None:
    with_grub(tmp_path, "")
    applied(PLAN, tmp_path)

    assert applied(Plan(()), tmp_path).removed == 2, "the file, and the directory that was made for it"
    assert sorted(path.name for path in (tmp_path / "etc/default").iterdir()) == ["grub"]


def test_a_command_line_for_new_kernels_is_edited_and_never_made(tmp_path: Path) -> None:
    line = tmp_path / "etc/kernel/cmdline"
    line.parent.mkdir(parents=True)
    line.write_text('root=/dev/sda2  quiet mitigations=auto x="y quiet z"')
    line.chmod(0o640)

    assert applied(PLAN, tmp_path) == Outcome(changed=1, unchanged=1)

    assert line.read_text() == (
        'root=/dev/sda2 mitigations=auto x="y quiet z" console=ttyS0,115200 dyndbg="file a.c +p"\n'
    )
    assert line.stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "etc/default").exists()
    assert applied(PLAN, tmp_path) == Outcome(unchanged=2)


def test_a_machine_without_a_boot_loader_is_an_error_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError) as caught:
        applied(PLAN, tmp_path)

    assert str(caught.value) == (
        "kernel.arguments: no boot loader is set up here: there is neither /etc/default/grub nor "
        "/etc/kernel/cmdline (a machine that boots over the network gets its arguments from its profile)"
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", "new", id="empty"),
        pytest.param("new", "new", id="there already"),
        pytest.param("a new b", "a new b", id="stays where it is"),
        pytest.param("old=1 old a", "a new", id="whatever its value"),
        pytest.param("old.a=1 bold=1", "old.a=1 bold=1 new", id="other names stay"),
        pytest.param('a="old new"', 'a="old new" new', id="part of a value"),
        pytest.param("a\n", "a new", id="line break"),
    ],
)
def test_editing(line: str, expected: str) -> None:
    assert edited(line, ["new"], ["old"]) == expected


def test_without_arguments_to_take_away_no_function_is_defined() -> None:
    assert grub_text(["a=1", "b"], []).splitlines()[2:] == [
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX\"' a=1 b'"
    ]


# On the running machine itself, as far as it is about GRUB: these directories are others in here.
ON_THE_MACHINE = """
set -e
mount --make-rprivate /
for place in etc/default boot usr/local/sbin usr/sbin var/lib; do
    mount --bind $1/$place /$place
done
shift
exec "$@"
"""
UPDATE_GRUB = (
    "#!/bin/sh\necho made >> /boot/grub/calls\ncp /etc/default/grub.d/50-provision.cfg /boot/grub/grub.cfg\n"
)


def test_on_the_running_machine_the_menu_is_made_anew_once(tmp_path: Path) -> None:
    for place in ("etc/default", "boot/grub", "usr/local/sbin", "usr/sbin", "var/lib"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "etc/default/grub").write_text("")
    (tmp_path / "boot/grub/grub.cfg").write_text("old menu\n")
    for place in ("usr/local/sbin", "usr/sbin"):
        (tmp_path / place / "update-grub").write_text(UPDATE_GRUB)
        (tmp_path / place / "update-grub").chmod(0o755)
    config = tmp_path / "config.yaml"
    config.write_text("kernel: {arguments: {present: [console=ttyS0]}}\n")
    command = [sys.executable, "-m", "provision", "apply", str(config)]

    def run() -> str:
        argv = ["unshare", "--mount", "sh", "-c", ON_THE_MACHINE, "sh", str(tmp_path), *command]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (tmp_path / "boot/grub/calls").read_text()

    assert run() == "made\n"
    assert run() == "made\n", "nothing changed, so there is nothing to do"
    assert "console=ttyS0" in (tmp_path / "boot/grub/grub.cfg").read_text()

    (
        tmp_path / "etc/default/grub.d/50-provision.cfg"
    ).touch()  # as after a run that was cut off before update-grub
    assert run() == "made\nmade\n"
