"""The command line: which command, which exit code, what is printed."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from provision import __version__
from provision.cli import COMMANDS, main


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.yaml"
    path.write_text("hostname: node1\n")
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.yaml"
    path.write_text("hostname: node_1\n")
    return str(path)


@pytest.fixture
def doubtful(tmp_path: Path) -> str:
    path = tmp_path / "doubtful.yaml"
    path.write_text("units: [{name: a.service}]\n")
    return str(path)


def test_validate_exits_0_for_valid_and_1_for_invalid(good: str, bad: str, doubtful: str) -> None:
    assert main(["validate", good]) == 0
    assert main(["validate", good, bad]) == 1
    assert main(["validate", doubtful]) == 0
    assert main(["validate", "--strict", doubtful]) == 1


def test_a_file_that_cannot_be_read_exits_2_and_the_others_are_still_checked(
    bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.yaml")

    assert main(["validate", missing, bad]) == 2

    output = capsys.readouterr()
    assert output.err == f"provision: cannot read {missing!r}: No such file or directory\n"
    assert output.out.startswith("error[hostname]: hostname: 'node_1' is no host name\n")


def test_validate_prints_json(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", "--format", "json", bad])

    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert (file["file"], file["valid"], file["findings"][0]["code"]) == (bad, False, "hostname")


def test_validate_prints_github_annotations(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", "--format", "github", bad])

    assert capsys.readouterr().out.startswith("::error file=")


def test_validate_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The process's own standard input, no part of the program: `-` means exactly this.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hostname: node1\n")))

    assert main(["validate", "-"]) == 0
    assert capsys.readouterr().out == "<stdin>: valid\n"


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_an_endless_file_and_a_name_that_is_no_text_are_refused_politely(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / os.fsdecode(b"caf\xe9.yaml")
    strange.symlink_to("/dev/zero")
    options = [] if command == "validate" else ["--root", str(tmp_path)]

    assert main([command, *options, str(strange)]) == 1

    said = "".join(capsys.readouterr())
    assert "error[too-large]: more than the 1048576 bytes a config may have" in said


@pytest.mark.parametrize("argv", [[], ["unknown"], ["validate"], ["validate", "--format", "xml", "a"]])
def test_wrong_usage_exits_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(argv)

    assert exit_.value.code == 2


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"provision {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    output = capsys.readouterr().out
    assert [command.name for command in COMMANDS if f"  {command.name} " not in output] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself(command: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = getattr(command, "name", "")

    with pytest.raises(SystemExit) as exit_:
        main([name, "--help"])

    assert exit_.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: provision {name}")


def test_schema_prints_a_schema_that_closes_every_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["additionalProperties"] is False
    assert [name for name, part in schema["$defs"].items() if part["additionalProperties"] is not False] == []
