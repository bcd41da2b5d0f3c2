"""`provision explain`: documentation that is the types' own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from provision.cli import main
from provision.explain import UnknownPath, explain, render_text, sections

pytestmark = pytest.mark.long


def every_path(paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        yield path
        yield from every_path(tuple(f"{path}.{field.name}" for field in explain(path).fields))


EVERY_PATH = tuple(every_path(tuple(section.name for section in sections())))


@pytest.mark.parametrize("path", EVERY_PATH)
def test_every_field_of_the_language_is_described(path: str) -> None:
    topic = explain(path)

    assert topic.path == path
    assert topic.description
    assert render_text(topic).startswith(f"{path}\n")


def test_a_field_is_explained_by_description_type_default_limits_and_examples() -> None:
    assert render_text(explain("network.interfaces.mtu")) == (
        "network.interfaces.mtu\n"
        "\n"
        "  Largest packet in bytes.\n"
        "\n"
        "  type      whole number\n"
        "  limit     at least 68\n"
        "  limit     at most 65536\n"
        "  example   1500\n"
    )
    assert render_text(explain("files.mode")) == (
        "files.mode\n"
        "\n"
        "  Permission bits in octal. Absent: 0644; with `append`, those of the file that is there.\n"
        "\n"
        "  type      text\n"
    )


def test_a_section_is_explained_with_its_fields_and_a_star_at_those_that_are_required() -> None:
    assert render_text(explain("groups")) == (
        "groups\n"
        "\n"
        "  Groups that shall exist.\n"
        "\n"
        "  One group.\n"
        "\n"
        "  type      list of mappings\n"
        "  include   entries merge by name\n"
        "\n"
        "  name*          text           Group name.\n"
        "  gid            whole number   Numeric id; absent: the system chooses.\n"
        "  system         true or false  Choose the id from the range of system groups.\n"
        "  password_hash  text           Hash in crypt(5) form of the password that newgrp(1) asks those who are no "
        "members. Secret.\n"
        "  absent         true or false  The group shall not exist. Never with other fields.\n"
        "\n"
        "  * required\n"
    )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("users.ssh_authorized_keys", "list of text", id="a list that may be absent"),
        pytest.param("files.user", "text or whole number", id="either"),
        pytest.param("network.interfaces.dhcp", "true or false or 'ipv4' or 'ipv6'", id="fixed words"),
        pytest.param("users.password_hash", "text", id="secret text"),
        pytest.param("network.interfaces.match", "mapping", id="a mapping"),
        pytest.param("etcd.settings", "mapping of names to values", id="a mapping with free keys"),
        pytest.param(
            "etcd.settings.heartbeat-interval",
            "text or whole number or number or true or false",
            id="a value of such a mapping",
        ),
    ],
)
def test_types_are_said_in_words(path: str, words: str) -> None:
    assert sorted(explain(path).type.split(" or ")) == sorted(words.split(" or "))


@pytest.mark.parametrize("path", ["files[0].mode", "files[].mode", "files[*].mode"])
def test_a_path_as_findings_write_it_is_understood(path: str) -> None:
    assert explain(path) == explain("files.mode")


def test_a_secret_is_said_to_be_one() -> None:
    assert explain("users.password_hash").secret
    assert "secret: no output shows it" in render_text(explain("users.password_hash"))


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        pytest.param("user", "the config has no field 'user'", "did you mean 'users'?", id="a section"),
        pytest.param(
            "users.keys.x", "'users' has no field 'keys'", "there are name, ", id="nothing comes close"
        ),
        pytest.param("", "the config has no field ''", "there are hostname, ", id="empty"),
        pytest.param(
            "files.mode.x", "'files.mode' has no fields of its own", "see provision explain", id="too deep"
        ),
    ],
)
def test_an_unknown_path_is_refused_with_what_there_is(path: str, message: str, hint: str) -> None:
    with pytest.raises(UnknownPath) as refused:
        explain(path)

    assert str(refused.value) == message
    assert refused.value.hint.startswith(hint)


def test_without_a_path_every_section_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [section.name for section in sections()]


def test_the_command_prints_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "groups.gid"]) == 0
    assert capsys.readouterr().out == render_text(explain("groups.gid"))

    assert main(["explain", "groups.gid", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": "groups.gid",
        "description": "Numeric id; absent: the system chooses.",
        "type": "whole number",
        "required": False,
        "secret": False,
        "default": None,
        "merged_by": None,
        "constraints": ["at least 0", "at most 4294967294"],
        "examples": [1500],
        "fields": [],
    }

    assert main(["explain", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["sections"][0]["name"] == "hostname"


def test_an_unknown_path_exits_2_and_says_so_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "users.nmae"]) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "provision explain: 'users' has no field 'nmae' (did you mean 'name'?)\n"
