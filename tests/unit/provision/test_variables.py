"""`${facts.NAME}`: what is a variable, what is refused, what is left alone."""

from __future__ import annotations

import json

import pytest

from provision.errors import ProvisionError
from provision.facts import FACT_NAMES, Facts
from provision.variables import expand
from tests.unit.provision.checks import codes

FACTS = Facts(
    hostname="node1",
    machine="52:54:00:12:34:56",
    ipv4="10.0.0.1",
    machine_id="f" * 32,
    platform="ec2",
    instance_id="i-1",
    private_ipv4="10.0.0.4",
    public_ipv4="52.1.2.3",
    region="eu-central-1",
    zone="eu-central-1a",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("${facts.hostname}", "node1", id="alone"),
        pytest.param("a${facts.ipv4}b${facts.machine}", "a10.0.0.1b52:54:00:12:34:56", id="inside text"),
        pytest.param("$${facts.ipv4}", "${facts.ipv4}", id="escaped"),
        pytest.param("$$${facts.ipv4}", "$${facts.ipv4}", id="escaped after a dollar"),
        pytest.param("${HOME} $${HOME} $HOME $", "${HOME} $${HOME} $HOME $", id="the shell's and systemd's"),
        pytest.param("${fact.ipv4}", "${fact.ipv4}", id="not facts"),
    ],
)
def test_a_text_is_filled_in(text: str, expected: str) -> None:
    assert expand(text, FACTS, ()) == expected


@pytest.mark.parametrize("name", FACT_NAMES)
def test_every_fact_can_be_named_and_none_is_ever_an_empty_text(name: str) -> None:
    assert expand(f"${{facts.{name}}}", FACTS, ()) == getattr(FACTS, name)
    with pytest.raises(ProvisionError):
        expand(f"${{facts.{name}}}", Facts(), ())


def test_lists_and_mappings_are_walked_and_the_place_is_named() -> None:
    value = ({"a": "${facts.ipv4}", "b": 1, "c": True}, None)

    assert expand(value, FACTS, ()) == ({"a": "10.0.0.1", "b": 1, "c": True}, None)
    with pytest.raises(ProvisionError) as failure:
        expand(value, Facts(), ("list",))
    assert failure.value.path == "list[0].a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("${facts.ipv4}", [], id="known"),
        pytest.param("$${facts.nothing}", [], id="escaped"),
        pytest.param("${facts.nothing}", ["unknown-variable files[0].content"], id="unknown"),
        pytest.param("${facts.}", ["unknown-variable files[0].content"], id="empty name"),
        pytest.param("${facts.ipv4", ["variable-syntax files[0].content"], id="not closed"),
        pytest.param("${facts.ip v4}", ["variable-syntax files[0].content"], id="space"),
    ],
)
def test_a_variable_is_checked_before_any_machine_is_known(text: str, expected: list[str]) -> None:
    assert codes(json.dumps({"files": [{"path": "/a", "content": text}]})) == expected
