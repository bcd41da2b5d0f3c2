"""What `provision status` prints of a machine: after an apply, after somebody else's changes, without privileges.

UPDATE_GOLDEN=1 writes the texts anew; read the diff.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.cli import main
from provision.execute.drift import State, compare
from provision.execute.machine import Machine
from provision.execute.target import Target
from provision.execute.wanted import read_wanted
from tests.golden.apply.test_apply import CASES, apply_config
from tests.golden.apply.tree import build_tree
from tests.unprivileged import as_nobody, open_directory

HERE = Path(__file__).parent
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(HERE)  # origins are shown by the name the config was given by
    with open_directory() as place:
        build_tree(place, (HERE / "before.txt").read_text())
        assert main(["apply", "config.yaml", "--root", str(place), "--format", "json"]) == 0
        yield place


def change_behind_our_back(root: Path) -> None:
    (root / "etc/motd").chmod(0o666)
    (root / "etc/token").write_text("guessed")
    (root / "etc/profile").write_text("export A=1\n")
    (root / "etc/issue").write_text("back again\n")
    (root / "etc/app").unlink()
    (root / "etc/app").symlink_to("/usr/bin/app")
    (root / "srv/data").rmdir()
    (root / "home/core/.ssh/authorized_keys").write_text("ssh-ed25519 AAAA another\n")
    subprocess.run(["usermod", "--root", root, "--password", "$6$other$hash", "core"], check=True)
    subprocess.run(["systemctl", f"--root={root}", "disable", "hello.service"], check=True)


def expect(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = TIME.sub("TIME", capsys.readouterr().out)
    place = HERE / name
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(text)
    assert text == place.read_text(), place


def test_after_an_apply_all_is_as_wanted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert main(["status", "--root", str(root), "--detailed-exitcode", "--all"]) == 0

    expect("applied.txt", capsys)


def test_what_others_changed_is_found_and_put_right(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_behind_our_back(root)
    capsys.readouterr()

    assert main(["status", "--root", str(root), "--detailed-exitcode"]) == 6
    expect("drifted.txt", capsys)
    assert main(["status", "--root", str(root)]) == 0

    assert main(["apply", "config.yaml", "--root", str(root)]) == 0
    capsys.readouterr()
    assert main(["status", "--root", str(root), "--detailed-exitcode"]) == 0
    assert capsys.readouterr().out.endswith("12 of 12 resources are as wanted (--all lists them)\n")


def test_without_privileges_only_what_root_alone_sees_is_unknown(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    with as_nobody():
        assert main(["status", "--root", str(root), "--detailed-exitcode"]) == 0

    expect("unprivileged.txt", capsys)


@pytest.mark.parametrize("config", CASES, ids=lambda config: config.parent.name)
def test_status_and_plan_agree_on_what_is_as_wanted(config: Path, tmp_path: Path) -> None:
    build_tree(tmp_path, (config.parent / "before.txt").read_text())
    apply_config(config, tmp_path)

    with Target(tmp_path) as target:
        wanted = read_wanted(target)
        assert wanted is not None
        found = compare(Machine(target), wanted)

    assert [one.step for one, state in zip(wanted, found, strict=True) if state.state is not State.OK] == []


def test_programs_get_every_resource(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "etc/motd").chmod(0o666)
    capsys.readouterr()

    assert main(["status", "--root", str(root), "--format", "json"]) == 0

    found = json.loads(TIME.sub("TIME", capsys.readouterr().out))["resources"]
    assert len(found) == 12
    assert next(one for one in found if one["resource"] == "file /etc/motd") == {
        "resource": "file /etc/motd",
        "kind": "file",
        "state": "differs",
        "wanted": {
            "mode": "0644",
            "user": "root",
            "group": "root",
            "content": "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        },
        "actual": "mode 0666",
        "last_change": "TIME",
        "result": "created",
        "file": "config.yaml",
        "line": 12,
        "path": "files[0]",
    }


def test_nothing_secret_and_no_guess_at_it_is_in_what_everybody_reads(root: Path) -> None:
    state = root / "var/lib/provision"
    seen = "".join(place.read_text() for place in state.iterdir() if place.stat().st_mode & 0o004)

    config = (HERE / "config.yaml").read_text()
    password = re.findall(r"\$6\$[^\"]+", config)[0]
    assert "wanted.json" in [place.name for place in state.iterdir()]
    for secret in ("hunter2", password):
        assert secret not in seen
        assert hashlib.sha256(secret.encode()).hexdigest() not in seen
    assert (state / "key").stat().st_mode & 0o777 == 0o600
