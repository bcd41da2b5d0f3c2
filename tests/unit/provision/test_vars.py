"""`${vars.NAME}`: the config's own variables, filled in when it is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from provision.document import Document
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from provision.vars import MAX_INSERTED
from tests.unit.provision.checks import codes


def content(own: dict[str, object], text: str) -> str | None:
    """What a file holds whose content is this text."""
    config = {"vars": own, "files": [{"path": "/a", "content": text}]}
    return loaded(config).files[0].content


def loaded(config: Mapping[str, object]) -> Document:
    found = load_bytes(json.dumps(config).encode(), file="config.yaml")
    assert found.document is not None, found.findings
    return found.document


def refused(own: dict[str, object], text: str) -> list[str]:
    return codes(json.dumps({"vars": own, "files": [{"path": "/a", "content": text}]}))


@pytest.mark.parametrize(
    ("own", "text", "expected"),
    [
        pytest.param({"a": "x"}, "${vars.a}", "x", id="alone"),
        pytest.param({"a": "x", "b-2": "y"}, "1${vars.a}2${vars.b-2}3", "1x2y3", id="inside text"),
        pytest.param({"a": 80, "b": True, "c": False}, "${vars.a} ${vars.b}, ${vars.c}", "80 true, false", id="types"),
        pytest.param({"a": ""}, "<${vars.a}>", "<>", id="empty text"),
        pytest.param({"a": "x"}, "$${vars.a}", "${vars.a}", id="escaped"),
        pytest.param({}, "$${vars.a}", "${vars.a}", id="escaped, without variables"),
        pytest.param({"a": "x"}, "$$${vars.a}", "$${vars.a}", id="escaped after a dollar"),
        pytest.param({"a": "x"}, "${HOME} $${HOME} ${var.a}", "${HOME} $${HOME} ${var.a}", id="the shell's"),
        pytest.param({"a": "${vars.b}!", "b": "x"}, "${vars.a}", "x!", id="a variable in a variable"),
        pytest.param({"a": "$${vars.b}", "b": "x"}, "${vars.a}", "${vars.b}", id="escaped in a variable"),
        pytest.param({"a": "{vars.b}", "b": "x"}, "${HOME}$ ${vars.a}", "${HOME}$ {vars.b}", id="read once only"),
        pytest.param({"a": "${facts.ipv4}"}, "${vars.a}", "${facts.ipv4}", id="a fact waits for its machine"),
    ],
)  # fmt: skip
def test_a_text_is_filled_in_when_the_config_is_loaded(
    own: dict[str, object], text: str, expected: str
) -> None:
    assert content(own, text) == expected


def test_a_fact_in_a_variable_is_filled_in_when_the_config_is_planned() -> None:
    config = {"vars": {"name": "${facts.machine_id}.x"}, "hostname": "${vars.name}"}

    (step,) = plan_document(loaded(config), Facts(machine_id="abc"))

    assert b"abc.x" in getattr(step.action, "content", b"")


def test_a_variable_nobody_uses_asks_for_no_fact() -> None:
    config = {"vars": {"unused": "${facts.ipv4}"}, "hostname": "node1"}

    assert plan_document(loaded(config), Facts())


@pytest.mark.parametrize(
    ("own", "text", "expected"),
    [
        pytest.param({}, "${vars.a}", ["unknown-variable files[0].content"], id="no variables at all"),
        pytest.param({"a": "x"}, "${vars.b}", ["unknown-variable files[0].content"], id="unknown"),
        pytest.param({"a": "x"}, "${vars.}", ["unknown-variable files[0].content"], id="empty name"),
        pytest.param({"a": "x"}, "${vars.a", ["variable-syntax files[0].content"], id="not closed"),
        pytest.param({"a": "${vars.b}"}, "", ["unknown-variable vars.a"], id="unknown, in a variable"),
        pytest.param({"a": "${facts.b}"}, "", ["unknown-variable vars.a"], id="an unknown fact"),
        pytest.param({"a b": "x"}, "", ["variable-name vars.a b"], id="space in a name"),
        pytest.param({"a": [1]}, "", ["wrong-type vars.a"], id="a list"),
        pytest.param({"a": 1.5}, "", ["wrong-type vars.a"], id="a fraction: quotes say how it is written"),
        pytest.param({"a": "${vars.a}"}, "${vars.a}", ["variable-loop vars.a"], id="itself"),
        pytest.param({"a": "{facts.ipv4}"}, "$$${vars.a}", [], id="escaped before a variable"),
        pytest.param({"a": "facts.ipv4}"}, "${${vars.a}", ["variable-joined files[0].content"], id="half a fact"),
        pytest.param(
            {"a": "$", "b": "${vars.a}{facts.ipv4}"}, "", ["variable-joined vars.b"], id="half, in a variable"
        ),
        pytest.param({"a": "$"}, "${vars.a}${facts.ipv4}", ["variable-joined files[0].content"], id="an escape"),
    ],
)  # fmt: skip
def test_a_variable_that_cannot_be_meant_is_refused_at_its_place(
    own: dict[str, object], text: str, expected: list[str]
) -> None:
    assert refused(own, text) == expected


def test_every_loop_is_told_and_the_rest_is_still_filled_in() -> None:
    config = (
        "vars:\n  a: ${vars.b}\n  b: ${vars.a}\n  c: ${vars.c}\n  d: node_1\nhostname: ${vars.d}\n"
        "files: [{path: x, content: a}]\n"
    )

    assert codes(config) == [
        "variable-loop vars.a",
        "variable-loop vars.c",
        "hostname hostname",
        "path-not-absolute files[0].path",
    ]


def test_checks_see_what_is_filled_in_also_beside_problems_of_shape() -> None:
    assert codes("vars: {a: node_1}\nhostname: ${vars.a}\n") == ["hostname hostname"]
    assert codes("vars: {a: node_1}\nhostname: ${vars.a}\nuser: []\n") == [
        "hostname hostname",
        "unknown-key user",
    ]


def test_variables_of_variables_do_not_fill_the_memory() -> None:
    bomb: dict[str, object] = {f"v{n}": f"${{vars.v{n + 1}}}" * 10 for n in range(50)}

    assert refused({**bomb, "v50": "xxxxxxxxxx"}, "${vars.v0}") == ["variable-too-large vars.v45"]


def test_many_variables_of_one_do_not_fill_the_memory() -> None:
    many: dict[str, object] = {f"v{n}": "${vars.big}" for n in range(2_000)}

    assert refused({"big": "x" * 1_000, **many}, "") == ["variable-too-large vars.v1048"]


def test_one_variable_used_often_does_not_fill_the_memory() -> None:
    assert refused({"a": "x" * 10_000}, "${vars.a}" * (MAX_INSERTED // 10_000 + 1)) == [
        "variable-too-large files[0].content"
    ]


def test_a_thousand_loops_are_refused_in_no_time() -> None:
    loops: dict[str, object] = {f"v{n}": f"${{vars.v{n}}}" for n in range(1_000)}

    assert refused(loops, "")[0] == "variable-loop vars.v0"


def test_a_value_of_several_lines_keeps_a_finding_at_its_text() -> None:
    config = (
        "vars:\n  a: |\n    [Unit]\n    Description=x\n"
        "units:\n  - name: a.service\n    content: |\n      ${vars.a}\n      [Service\n"
    )

    (finding, *_) = load_bytes(config.encode(), file="config.yaml").findings

    assert (finding.path, finding.line) == ("units[0].content", 7)


def test_a_secret_takes_no_variable() -> None:
    config = 'vars: {a: "*"}\nusers: [{name: a, password_hash: "${vars.a}"}]\n'

    assert codes(config) == ["password-plaintext users[0].password_hash"]
