"""What `provision validate` can be asked for beside the config itself: systemd's opinion, a platform's limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.cli import main
from provision.commands.validate import PLATFORMS, UNLIMITED_BYTES
from provision.errors import ExitCode, ProvisionError
from provision.execute.command import Completed
from provision.execute.verify_units import verify_units
from provision.findings import Problem, Severity, error
from provision.formats.locate import MAX_PROBLEMS
from provision.load import load_bytes
from provision.platforms.limits import LIMITS, SMALLEST_BYTES

UNITS = """\
units:
  - name: hello.service
    content: |
      [Unit]
      Requires=of-the-image.service
      [Service]
      Type=exce
      ExecStart=/opt/not-on-this-machine
      Environment=a-b=hunter2
    dropins:
      - name: a.conf
        content: |
          [Service]
          MemoryMax=lots
  - name: later.timer
    content: |
      [Timer]
      Unit=hello.service
"""


def output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str
) -> tuple[int, list[str]]:
    """The exit code, and each finding's first two lines as one."""
    file = tmp_path / "config.yaml"
    file.write_text(text)
    code = main(["validate", *options, str(file)])
    lines = [line for block in capsys.readouterr().out.split("\n\n") for line in block.splitlines()[:2]]
    return code, [line.replace(f"{file}", "config.yaml").strip() for line in lines]


def test_what_systemd_says_is_shown_at_the_line_it_is_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = output(tmp_path, capsys, UNITS)

    assert code == 0
    assert lines == [
        "warning[unit-verify]: units[0].content: systemd says: Failed to parse service type, ignoring: exce",
        "--> config.yaml:7:7",
        "warning[unit-verify]: units[0].content: systemd says: Invalid environment assignment, ignoring",
        "--> config.yaml:9:7",
        "warning[unit-verify]: units[0].dropins[0].content: systemd says: "
        "Invalid memory limit 'lots', ignoring: Invalid argument",
        "--> config.yaml:14:11",
        "warning[unit-verify]: units[1].content: systemd says: Timer unit lacks value setting. Refusing.",
        "--> config.yaml:16:14",
        "config.yaml: valid, 4 warnings",
    ]


def test_what_systemd_says_of_an_included_unit_is_shown_in_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "base.yaml").write_text(UNITS)

    _, lines = output(tmp_path, capsys, "include: [{file: base.yaml}]\n")

    assert [line for line in lines if line.startswith("-->")] == [
        f"--> {tmp_path}/base.yaml:{place}" for place in ("7:7", "9:7", "14:11", "16:14")
    ]


def test_a_line_of_systemd_after_a_value_of_several_lines_is_not_one_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        'vars: {head: "[Unit]\\nDescription=a"}\nunits:\n- name: a.service\n  content: |\n'
        "    ${vars.head}\n    [Service]\n    ExecStart=/bin/a\n    Type=exce\n"
    )

    code, lines = output(tmp_path, capsys, text)

    assert (code, lines[1]) == (0, "--> config.yaml:4:12")
    _, lines = output(tmp_path, capsys, f"{text}    Nice=${{facts.nice}}\n")
    assert lines[1] == "--> config.yaml:9:5"  # a variable is looked for in the text as it is written


def problem(code: str, *, sensitive: bool = False) -> Problem:
    place = ("units", 0, "content")
    return Problem(Severity.WARNING, code, place, "so it is", text_line=1, sensitive=sensitive)


def test_what_is_found_later_stands_among_the_rest_and_masks_what_that_masks() -> None:
    text = (
        "units:\n- name: a.service\n  content: |\n    [Service]\n    Environment=API_KEY=hunter2\n"
        "    Nice=1\n- {name: b.service}\n"
    )
    loaded = load_bytes(text.encode(), file="config.yaml")

    later = loaded.with_problems((problem("one"),)).with_problems((problem("two"),))

    assert [finding.code for finding in later.findings] == ["secret-in-clear", "one", "two", "unit-nothing"]
    assert [finding.line for finding in later.findings] == [5, 5, 5, 7]
    assert "hunter2" not in str(later.findings)


def test_an_error_found_later_refuses_the_config_and_is_listed_before_warnings() -> None:
    units = "".join(f"- {{name: a{number}.service}}\n" for number in range(MAX_PROBLEMS + 5))
    loaded = load_bytes(f"units:\n{units}".encode(), file="config.yaml")
    assert (loaded.valid, len(loaded.findings)) == (True, MAX_PROBLEMS + 1)

    later = loaded.with_problems((error("late", ("units", MAX_PROBLEMS + 1, "name"), "no"),))

    assert not later.valid
    assert len(later.findings) == MAX_PROBLEMS + 1
    assert (later.findings[-2].code, later.findings[-1].code) == ("late", "more")


def test_systemd_is_not_asked_when_it_shall_not_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert output(tmp_path, capsys, UNITS, "--verify-units", "no") == (0, ["config.yaml: valid"])


def test_with_strict_a_warning_of_systemd_is_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert output(tmp_path, capsys, UNITS, "--strict")[0] == 1


def test_units_of_networkd_of_users_and_of_the_system_are_not_asked_about() -> None:
    text = (
        "units:\n- name: a.network\n  content: '[Match]'\n- {name: b.service, enable: true}\n"
        "- name: c.service\n  scope: user\n  content: '[Service]'\n"
    )
    document = load_bytes(text.encode(), file="config.yaml").document
    assert document is not None

    def nobody(arguments: list[str], *, stdin: str = "") -> Completed:
        raise AssertionError(arguments)

    assert verify_units(document, programs=nobody) == ()


def test_without_systemd_nothing_is_said() -> None:
    document = load_bytes(UNITS.encode(), file="config.yaml").document
    assert document is not None

    def missing(arguments: list[str], *, stdin: str = "") -> Completed:
        raise ProvisionError(f"program {arguments[0]!r} is not installed")

    assert verify_units(document, programs=missing) == ()


def sized(size_bytes: int) -> str:
    return f"hostname: node1\n{'#' * (size_bytes - len('hostname: node1') - 2)}\n"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_config_of_just_the_limit_fits_and_one_byte_more_does_not(
    platform: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = LIMITS[platform]
    largest = limit.config_bytes

    assert output(tmp_path, capsys, sized(largest), "--platform", platform) == (0, ["config.yaml: valid"])
    code, lines = output(tmp_path, capsys, sized(largest + 1), "--platform", platform)

    assert code == 1
    assert lines[0] == f"error[platform-size]: {largest + 1} bytes, and {limit.name} takes {largest}"


def test_a_large_config_names_who_would_refuse_it_and_stays_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = output(tmp_path, capsys, sized(40_000), "--strict")

    assert code == 0
    assert (
        lines[0] == "note[platform-size]: 40000 bytes are too many for user data of Amazon EC2, Hetzner Cloud"
    )
    assert output(tmp_path, capsys, sized(UNLIMITED_BYTES)) == (0, ["config.yaml: valid"])


def test_the_platforms_that_can_be_chosen_are_those_whose_limit_is_known() -> None:
    assert tuple(sorted(LIMITS)) == PLATFORMS
    assert SMALLEST_BYTES == UNLIMITED_BYTES


def test_each_platform_takes_what_its_documents_say() -> None:
    assert {name: limit.config_bytes for name, limit in LIMITS.items()} == {
        "azure": 65535,
        "digitalocean": 65536,
        "ec2": 16384,
        "gce": 262144,
        "hetzner": 32768,
        "openstack": 49149,
    }


def test_a_template_is_looked_into_when_the_machine_is_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "## template: jinja\n#cloud-config\n\nhostname: {{ v1.local_hostname }}\n"
    data = tmp_path / "instance-data.json"
    data.write_text('{"v1": {"local-hostname": "a_b"}}')

    without, note = output(tmp_path, capsys, text)
    code, found = output(tmp_path, capsys, text, "--instance-data", str(data))

    assert (without, note[0]) == (0, "note[template-not-filled]: not filled in: what it says is not checked")
    assert (code, found[:2]) == (
        1,
        ["error[hostname]: hostname: 'a_b' is no host name", "--> config.yaml:4:11 (filled in)"],
    )


@pytest.mark.parametrize("data", [None, "{", "[]"])
def test_instance_data_that_cannot_be_read_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str | None
) -> None:
    file = tmp_path / "instance-data.json"
    if data is not None:
        file.write_text(data)

    code = main(["validate", "--instance-data", str(file), "-"])

    assert code == ExitCode.USAGE
    assert "cannot read" in capsys.readouterr().err
