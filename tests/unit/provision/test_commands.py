"""Section `commands`: accepts and refuses, and the units it asks for."""

from __future__ import annotations

import json

import pytest

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from tests.unit.provision.checks import codes

TAR = ["/usr/bin/tar", "-xf", "/a.tar"]


def command(**fields: object) -> list[str]:
    found = codes(json.dumps({"commands": [{"name": "a", **fields}]}))
    return [code.replace(" commands[0]", " ") for code in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"command": TAR, "creates": "/opt/a"}, [], id="until a path is there"),
        pytest.param({"command": TAR, "unless": ["test", "-e", "/a"]}, [], id="until a program succeeds"),
        pytest.param({"command": TAR, "once": True}, [], id="once"),
        pytest.param({"script": "#!/bin/sh\n", "once": True}, [], id="script"),
        pytest.param({"command": TAR}, ["command-no-condition "], id="nothing says when it is done"),
        pytest.param({"command": TAR, "once": False}, ["command-no-condition "], id="nor does `once: false`"),
        pytest.param({"once": True}, ["command-missing "], id="nothing to run"),
        pytest.param(
            {"command": TAR, "script": "#!/bin/sh\n", "once": True}, ["command-twice .script"], id="both"
        ),
        pytest.param({"command": [], "once": True}, ["command-empty .command"], id="no program"),
        pytest.param({"command": "tar x", "once": True}, ["wrong-type .command"], id="a line for a shell"),
        pytest.param(
            {"command": ["tar x"], "once": True}, ["command-program .command[0]"], id="a line in a list"
        ),
        pytest.param({"command": ["./a"], "once": True}, ["command-program .command[0]"], id="relative"),
        pytest.param({"command": ["-/bin/a"], "once": True}, ["command-program .command[0]"], id="prefix"),
        pytest.param({"command": ["/bin/$X"], "once": True}, ["command-program .command[0]"], id="variable"),
        pytest.param({"command": TAR, "unless": []}, ["command-empty .unless"], id="empty unless"),
        pytest.param(
            {"command": TAR, "unless": ["!", "a"]}, ["command-program .unless[0]"], id="no negation"
        ),
        pytest.param({"command": TAR, "creates": "a"}, ["path-not-absolute .creates"], id="relative path"),
        pytest.param({"command": TAR, "creates": "/a\\"}, ["path .creates"], id="would continue the line"),
        pytest.param({"script": "echo", "once": True}, ["script-interpreter .script"], id="no interpreter"),
        pytest.param(
            {"script": "#!/bin/sh\r\n", "once": True}, ["script-line-breaks .script"], id="line breaks"
        ),
        pytest.param({"name": "A b", "command": TAR, "once": True}, ["command-name .name"], id="name"),
        pytest.param(
            {"command": TAR, "once": True, "deadline_s": 0}, ["out-of-range .deadline_s"], id="no time"
        ),
        pytest.param(
            {"command": TAR, "once": True, "environment": {"A-B": "c"}},
            ["environment-name .environment.A-B"],
            id="no variable",
        ),
        pytest.param(
            {"command": TAR, "once": True, "environment": {"A": 1}},
            ["wrong-type .environment.A"],
            id="number",
        ),
    ],
)
def test_a_command(fields: dict[str, object], expected: list[str]) -> None:
    assert command(**fields) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "commands: [{name: a, command: [x], once: true}, {name: a, command: [y], once: true}]",
            ["duplicate-name commands[1].name"],
            id="two commands",
        ),
        pytest.param(
            "commands: [{name: a, command: [x], once: true}]\n"
            "units: [{name: provision-command-a.service, enable: false}]",
            ["duplicate-path commands[0].name"],
            id="its unit",
        ),
        pytest.param(
            "commands: [{name: a, script: '#!/bin/sh', once: true}]\n"
            "files: [{path: /var/lib/provision/scripts/a, content: x}]",
            ["duplicate-path commands[0].script"],
            id="its script",
        ),
    ],
)
def test_a_command_is_there_once(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def steps(text: str) -> list[Step]:
    loaded = load_bytes(text.encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return list(plan_document(loaded.document, Facts(ipv4="10.0.0.1")))


def unit(text: str) -> str:
    (content,) = [
        step.action.content
        for step in steps(text)
        if isinstance(step.action, WriteFile) and step.action.path.endswith(".service")
    ]
    assert isinstance(content, bytes)
    return content.decode()


def test_a_command_is_a_unit_that_runs_until_its_path_is_there() -> None:
    text = r"""
commands:
  - name: greet
    command: [/bin/echo, "50% of $HOME", 'a "b" \c', "${facts.ipv4}", ";", "two\nlines"]
    creates: /srv/100%
    deadline_s: 30
    environment: {GREETING: '"hi" 100% $x'}
"""
    assert unit(text) == (
        "[Unit]\n"
        "Description=Command greet of the config\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        "ConditionPathExists=!/srv/100%%\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        "RemainAfterExit=yes\n"
        "TimeoutStartSec=30\n"
        r'Environment="GREETING=\"hi\" 100%% $x"'
        "\n"
        r'ExecStart=/bin/echo "50%% of $$HOME" "a \"b\" \\c" 10.0.0.1 ";" "two\nlines"'
        "\n"
        'ExecStartPost=/usr/bin/test -e "/srv/100%%"\n'
        "\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"
    )


def test_unless_is_asked_before() -> None:
    lines = unit("commands: [{name: a, command: [x], unless: [test, -e, /a b]}]").splitlines()

    assert [line for line in lines if line.startswith("Exec")] == [
        r'ExecCondition=/bin/sh -c "\"$$@\"; case $$? in 0) exit 1;; 126|127) exit 255;; *) exit 0;; esac" '
        'sh test -e "/a b"',
        "ExecStart=x",
    ]


def test_once_leaves_a_mark_that_names_what_was_run() -> None:
    text = unit("commands: [{name: a, command: [x], once: true}]")
    other = unit("commands: [{name: a, command: [y], once: true}]")

    mark = "/var/lib/provision/commands/a-2d711642b726.done"
    assert f"ConditionPathExists=!{mark}\n" in text
    assert f"ExecStart=x\nExecStartPost=/usr/bin/install -D -m 0600 /dev/null {mark}\n" in text
    assert mark not in other


def test_commands_run_in_the_order_of_the_config_and_are_enabled_when_all_are_there() -> None:
    found = steps(
        "commands: [{name: b, script: '#!/bin/sh', once: true}, {name: a, command: [x], once: true}]"
    )

    assert [(type(step.action).__name__, step.because) for step in found] == [
        ("WriteFile", "commands[0]"),
        ("WriteFile", "commands[0]"),
        ("WriteFile", "commands[1]"),
        ("EnableUnit", "commands[0]"),
        ("EnableUnit", "commands[1]"),
    ]
    script, first, second = [step.action for step in found if isinstance(step.action, WriteFile)]
    assert script == WriteFile("/var/lib/provision/scripts/b", b"#!/bin/sh", mode=0o700, secret=True)
    assert isinstance(first.content, bytes)
    assert isinstance(second.content, bytes)
    assert b"ExecStart=/var/lib/provision/scripts/b\n" in first.content
    assert b"After=provision-command-b.service\n" in second.content
    assert found[-1].action == EnableUnit("provision-command-a.service", True)
