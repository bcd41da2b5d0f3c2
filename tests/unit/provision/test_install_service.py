"""`provision install-service`: units in a root directory, enabled as systemctl would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from provision.cli import main
from provision.services import ENABLED


def test_units_are_written_and_enabled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "usr/lib/systemd/system").mkdir(parents=True)

    assert main(["install-service", "--root", str(tmp_path)]) == 0

    assert "provision.service" in capsys.readouterr().out
    for unit in ENABLED:
        said = subprocess.run(
            ["systemctl", f"--root={tmp_path}", "is-enabled", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout == "enabled\n", f"{unit}: {said.stderr}"
    assert (tmp_path / "etc/systemd/network/80-provision-dhcp.network").exists()


def test_a_second_time_leaves_everything_as_it_is(tmp_path: Path) -> None:
    main(["install-service", "--root", str(tmp_path)])
    before = sorted(str(path) for path in tmp_path.rglob("*"))

    assert main(["install-service", "--root", str(tmp_path)]) == 0

    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_every_program_a_unit_starts_is_one_that_there_is(tmp_path: Path) -> None:
    main(["install-service", "--root", str(tmp_path)])
    stages = [
        line.partition("--stage ")[2]
        for unit in ENABLED
        for line in (tmp_path / "etc/systemd/system" / unit).read_text().splitlines()
        if line.startswith("ExecStart=/usr/bin/provision first-boot")
    ]

    assert sorted(stages) == ["join", "local", "network", "start"]


def test_a_directory_that_cannot_be_written_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install-service", "--root", f"/proc/{os.getpid()}/fdinfo"]) == 4

    assert "cannot write below" in capsys.readouterr().err
