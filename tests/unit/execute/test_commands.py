"""`provision plan`, `apply` and `status`: output and exit codes, on a root directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provision.cli import main
from provision.execute.journal import Journal, RunStatus
from provision.execute.target import Target
from tests.unprivileged import as_nobody, open_directory

CONFIG = """\
hostname: node1
files:
  - path: /etc/motd
    content: "hello\\n"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def run(command: str, *arguments: str | Path) -> int:
    return main([command, *map(str, arguments)])


def test_plan_shows_the_differences_and_ends_with_zero(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", config, "--root", root) == 0

    assert capsys.readouterr().out == (
        "+ file /etc/hostname  (hostname)\n    +mode 0644\n    +owner root:root\n    +node1\n\n"
        "+ file /etc/motd  (files[0])\n    +mode 0644\n    +owner root:root\n    +hello\n\n"
        "2 to create, 0 to change, 0 to remove\n"
    )


def test_plan_with_detailed_exit_codes_tells_changes_from_none(config: Path, root: Path) -> None:
    assert run("plan", config, "--root", root, "--detailed-exitcode") == 6
    run("apply", config, "--root", root)
    assert run("plan", config, "--root", root, "--detailed-exitcode") == 0


def test_plan_as_json_is_one_object(config: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("plan", config, "--root", root, "--format", "json")

    data = json.loads(capsys.readouterr().out)
    assert data["summary"] == {"create": 2, "change": 0, "remove": 0}
    assert [(change["path"], change["line"]) for change in data["changes"]] == [
        ("hostname", 1),
        ("files[0]", 3),
    ]
    assert {change["file"] for change in data["changes"]} == {str(config)}


EARLIER = """\
files:
  - {path: /etc/motd, content: "hello\\r\\nold"}
  - {path: /etc/token, mode: "0600", content: hunter2}
  - {path: /etc/kept, mode: "0600", content: hunter2}
  - {path: /etc/gone, content: "so\\nlong\\n"}
  - {path: /etc/secret, mode: "0600", content: hunter2}
directories:
  - {path: /srv/private, mode: "0700"}
links:
  - {path: /srv/private/app, target: /opt/app}
"""
LATER = """\
files:
  - {path: /etc/motd, content: "hello\\nnew\\n", mode: "0640", user: "1234"}
  - {path: /etc/token, mode: "0600", content: hunter2}
  - {path: /etc/kept, mode: "0600", content: hunter3}
directories:
  - {path: /srv/private, mode: "0700"}
"""
PLAN_OF_NOBODY = """\
- file /etc/gone  (no longer asked for)
    -mode 0644
    -owner root:root
    -so
    -long

- file /etc/secret  (no longer asked for)
    -mode 0600
    -owner root:root
    -content <secret>

- file /srv/private/app  (no longer asked for)
    not known: only root may look at it

~ file /etc/motd  (files[0])
    -mode 0644
    +mode 0640
    -owner root
    +owner 1234
    -content <secret>
    +content <secret>

~ file /etc/token  (files[1])
    not known: only root may look at it

~ file /etc/kept  (files[2])
    not known: only root may look at it

0 to create, 3 to change, 3 to remove
"""
DIFF_OF_ROOT = """\
~ file /etc/motd  (files[0])
    @@ -1,2 +1,2 @@
    -hello\\x0d
    -old
    \\ No newline at end of file
    +hello
    +new

1 to create, 1 to change, 0 to remove
"""


def test_a_plan_needs_no_privileges_and_says_what_it_could_not_see(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_directory() as place:
        config.write_text(EARLIER)
        assert run("apply", config, "--root", place) == 0
        (place / "config.yaml").write_text(LATER)
        capsys.readouterr()

        with as_nobody():
            assert run("plan", place / "config.yaml", "--root", place, "--detailed-exitcode") == 6

    assert capsys.readouterr().out == PLAN_OF_NOBODY


def test_a_diff_shows_carriage_returns_and_a_missing_last_line_break(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "etc").mkdir()
    (root / "etc/motd").write_bytes(b"hello\r\nold")
    config.write_text(CONFIG.replace("hello", "hello\\nnew"))

    run("plan", config, "--root", root)

    assert capsys.readouterr().out.endswith(DIFF_OF_ROOT)


def test_apply_shows_each_step_and_the_sums(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("apply", config, "--root", root) == 0

    first, second, sums = capsys.readouterr().out.splitlines()
    assert first.startswith("+ file /etc/hostname ")
    assert second.startswith("+ file /etc/motd ")
    assert sums == "done: 2 created, 0 changed, 0 removed, 0 unchanged"


def test_a_second_apply_says_that_there_was_nothing_to_do(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("apply", config, "--root", root)
    capsys.readouterr()

    assert run("apply", config, "--root", root) == 0

    assert capsys.readouterr().out == "nothing to do: 2 unchanged\n"


def test_a_failed_apply_ends_with_four_and_names_the_config_path(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "etc/motd").mkdir(parents=True)

    assert run("apply", config, "--root", root, "--format", "json") == 4

    output = capsys.readouterr()
    assert json.loads(output.out)["error"]["path"] == "files[0]"
    assert output.err == (
        "provision: files[0]: /etc/motd is a directory (remove it, or choose another path)\n"
    )


def test_an_invalid_config_ends_with_one_and_its_findings(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("hostnam: node1\n")

    assert run("apply", config, "--root", root) == 1

    assert "config.yaml:1:1" in capsys.readouterr().err
    assert list(root.iterdir()) == []


def test_a_fact_that_is_not_known_ends_with_one(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text('files: [{path: /etc/id, content: "${facts.machine_id}"}]\n')

    assert run("apply", config, "--root", root) == 1

    assert "files[0].content" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("/nowhere.yaml",), ("{config}", "--root", "/nowhere")])
def test_what_cannot_be_read_ends_with_two(
    config: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", *(argument.format(config=config) for argument in arguments)) == 2

    assert capsys.readouterr().err.startswith("provision: cannot read /nowhere")


def test_status_tells_the_last_run_with_its_steps(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("apply", config, "--root", root)
    run("apply", config, "--root", root)
    capsys.readouterr()

    assert run("status", "--root", root, "--format", "json") == 0

    data = json.loads(capsys.readouterr().out)
    assert (data["status"]["result"], data["status"]["unchanged"]) == ("done", 2)
    assert [(step["path"], step["result"]) for step in data["steps"]] == [
        ("hostname", "created"),
        ("files[0]", "created"),
    ]


def test_status_of_a_failed_run_ends_with_four_and_says_why(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "etc/motd").mkdir(parents=True)
    run("apply", config, "--root", root)
    capsys.readouterr()

    assert run("status", "--root", root) == 4

    assert "problem   files[0]: /etc/motd is a directory\n" in capsys.readouterr().out


def test_status_of_a_machine_without_a_run_ends_with_three(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("status", "--root", root) == 3
    assert capsys.readouterr().out == "no run yet: this machine was not provisioned\n"


def test_waiting_for_a_run_that_does_not_end_stops_at_the_timeout(root: Path) -> None:
    with Target(root) as target, Journal(target).alone():
        Journal(target).write_status(RunStatus("running", "2023-11-14T22:13:20.500Z"))

        assert run("status", "--root", root, "--wait", "--timeout", "0.05") == 4


def test_waiting_for_a_run_that_was_interrupted_does_not_wait(root: Path) -> None:
    with Target(root) as target:
        Journal(target).write_status(RunStatus("running", "2023-11-14T22:13:20.500Z"))

    assert run("status", "--root", root, "--wait", "--timeout", "3600") == 4


def test_waiting_for_a_run_that_has_ended_does_not_wait(config: Path, root: Path) -> None:
    run("apply", config, "--root", root)

    assert run("status", "--root", root, "--wait", "--timeout", "3600") == 0


def test_a_way_back_is_for_the_running_system_only(
    config: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("apply", config, "--root", root, "--confirm", "60") == 2

    assert f"--confirm: {root} is not the running system" in capsys.readouterr().err
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("seconds", ["0", "4", "-60", "1e3", "soon", "100000"])
def test_the_time_to_confirm_is_a_number_of_seconds(
    config: Path, root: Path, seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("apply", config, "--root", root, f"--confirm={seconds}")

    assert "seconds from 5 to 86400 are needed" in capsys.readouterr().err
