"""The units of `commands`, as systemd and the shell read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from provision.actions import WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.commands import UNLESS

CONFIG = b"""
commands:
  - name: greet
    command: [/bin/echo, "50% of $HOME", 'a "b" \\c', ";", "@", "two\\nlines"]
    creates: /srv/100%
    unless: [/bin/sh, -c, 'exit "$1"', sh, "0"]
    once: true
    environment: {GREETING: 'say "hi" $x 100%'}
  - name: script
    script: "#!/bin/sh"
    once: true
"""


def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    document = load_bytes(CONFIG, file="config.yaml").document
    assert document is not None
    for step in plan_document(document, Facts()):
        if isinstance(step.action, WriteFile) and isinstance(step.action.content, bytes):
            # verify wants the program to be there
            text = step.action.content.replace(b"=/var/lib/provision/scripts/script\n", b"=/bin/true\n")
            (tmp_path / Path(step.action.path).name).write_bytes(text)

    units = sorted(map(str, tmp_path.glob("*.service")))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], check=False, capture_output=True, text=True
    )

    assert len(units) == 2
    assert [line for line in done.stderr.splitlines() if "provision-command" in line] == []
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("argv", "exit_code"),
    [
        pytest.param(["true"], 1, id="done: skipped"),
        pytest.param(["false"], 0, id="not done: goes on"),
        pytest.param(["sh", "-c", "exit 3"], 0, id="not done in another way"),
        pytest.param(["no-such-program"], 255, id="cannot be asked: failed"),
        pytest.param(["/dev/null"], 255, id="may not be asked: failed"),
        pytest.param(["test", "-e", "/no such path"], 0, id="words stay words"),
    ],
)
def test_unless_turned_around_for_systemd(argv: list[str], exit_code: int) -> None:
    done = subprocess.run(["/bin/sh", "-c", UNLESS, "sh", *argv], check=False, capture_output=True)

    assert done.returncode == exit_code
