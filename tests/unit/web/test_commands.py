"""The commands that need no running server."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from pxeserver.boot.events import Event, Result
from pxeserver.cli import COMMANDS, main
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from tests.unit.inventory.directory import GOOD, write
from tests.unit.web.memory import NODE1, write_image

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    write_image(tmp_path / "images" / "debian-12")
    return tmp_path / "images"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "data", GOOD)
    return tmp_path / "data"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    store = SqliteStore.open(tmp_path / DATABASE_NAME)
    store.record(Event(NODE1, "offer", Result.OK, "10.77.0.11"), at=0.0)
    store.record(Event(NODE1, "apply", Result.FAILED, "no such host", "files[0].source", 40), at=1.0)
    store.close()
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_the_shape_of_a_command(command: object) -> None:
    module = importlib.import_module(getattr(command, "module", ""))

    assert module.HELP
    assert callable(module.add_arguments)
    assert callable(module.run)


@pytest.mark.parametrize("example", ["etcd-cluster", "single"])
def test_the_examples_are_valid(example: str, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", str(EXAMPLES / example), "--images", str(images)])

    assert (code, "error" in capsys.readouterr().out) == (0, False)


def test_check_names_file_line_and_column(
    data: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(data, {"configs/node.yaml": "hostname: {{ machine.hostname }}\nhostnme: x\n"})

    code = main(["check", str(data), "--images", str(images)])

    assert code == 1
    assert f"--> {data}/configs/node.yaml:2:1\n" in capsys.readouterr().out


def test_check_finds_a_missing_image_and_says_how_to_make_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check", str(data), "--images", str(tmp_path / "none"), "--format", "json"])

    assert code == 1
    (report,) = json.loads(capsys.readouterr().out)["files"]
    assert report["findings"][0]["message"] == (
        "there is no image 'debian-12'; make it with: pxeserver image build debian-12"
    )


def test_check_reads_the_settings_too(data: Path, images: Path) -> None:
    write(data, {"pxeserver.yaml": "http_port: eighty\n"})

    assert main(["check", str(data), "--images", str(images)]) == 1


def test_render_prints_script_and_config_of_a_machine(
    data: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["render", NODE1, "--data", str(data), "--images", str(images)])

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("#!ipxe\necho pxeserver: node1 (52:54:00:77:00:01) boots debian-12 5f3a\n")
    assert out.endswith("\nhostname: node1\n")


def test_a_variable_of_the_command_line_wins(
    data: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(data, {"configs/node.yaml": "hostname: {{ vars.name }}\n"})
    write(data, {"groups/nodes.yaml": "profile: node\nvars: {name: filed}\n"})

    arguments = [NODE1, "--data", str(data), "--images", str(images), "--part", "config"]
    assert main(["render", *arguments, "--set", "name=given=1"]) == 1
    assert capsys.readouterr().out == "hostname: given=1\n"
    assert main(["render", *arguments]) == 0
    assert capsys.readouterr().out == "hostname: filed\n"


def test_render_of_nobody_is_a_usage_error(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "node7", "--data", str(data)]) == 2
    assert "'node7' is neither a MAC address nor a machine" in capsys.readouterr().err


def test_machines_shows_how_far_each_got(state: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["machines", "--state", str(state), "--data", str(data)]) == 0

    assert capsys.readouterr().out == (
        "MACHINE  MAC                ADDRESS     BOOT  STATE   REACHED  LAST EVENT           FAILURE\n"
        "node1    52:54:00:77:00:01  10.77.0.11  1     failed  offer    1970-01-01 00:00:01"
        "  apply: files[0].source no such host\n"
    )


def test_events_are_listed_oldest_first(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--state", str(state)]) == 0

    assert capsys.readouterr().out == (
        "1970-01-01 00:00:00 52:54:00:77:00:01 boot 1 offer ok 10.77.0.11\n"
        "1970-01-01 00:00:01 52:54:00:77:00:01 boot 1 apply failed 40 ms files[0].source: no such host\n"
    )


def test_events_can_be_those_of_a_machine_or_of_a_time(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(*arguments: str) -> list[str]:
        assert main(["events", "--state", str(state), "--format", "json", *arguments]) == 0
        return [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()]

    assert shown("--mac", "52-54-00-77-00-01") == ["offer", "apply"]
    assert shown("--mac", "52-54-00-77-00-02") == []
    assert shown("--since", "1970-01-01T00:00:01") == ["apply"]
    assert shown("--since", "1970-01-01T02:00:00.5+02:00") == ["apply"]
    assert shown("--since", "1h") == []
    assert shown("--lines", "1") == ["apply"]


@pytest.mark.parametrize("arguments", [["--since", "soon"], ["--mac", "node1"]])
def test_a_filter_that_means_nothing_is_a_usage_error(state: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["events", "--state", str(state), *arguments])

    assert left.value.code == 2


def test_machines_as_json_have_their_last_event(
    state: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["machines", "--state", str(state), "--data", str(data), "--format", "json"]) == 0

    (row,) = json.loads(capsys.readouterr().out)["machines"]
    assert (row["state"], row["last_event"]["step"], row["last_event"]["at"]) == ("failed", "apply", 1.0)


def test_without_state_there_is_one_line_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", "--state", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"pxeserver: {tmp_path}/pxeserver.db: no such file; name the server's state directory with --state\n"
    )
