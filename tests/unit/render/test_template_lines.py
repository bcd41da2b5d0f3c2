"""A finding in what a template made points at the template's line, and at who gave that line its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.findings import Finding
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.check import check_machines, example_surroundings, possible_selections
from pxeserver.render.configs import render_config
from tests.unit.inventory.directory import index_of

VARIABLES: dict[str, object] = {
    "machine": {"hostname": "node1"},
    "vars": {"bad": "a b", "text": "one\ntwo\n", "list": ["x", "y"], "empty": [], "long": "x\nhostnme: y"},
}


def findings(text: str) -> tuple[Finding, ...]:
    return render_config(
        ConfigTemplate("configs/node.yaml", text), VARIABLES, lambda name: f"<{name}>"
    ).findings


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("# one\nhostname: {{ vars.bad }}\n", 2, 11, id="a value"),
        pytest.param(
            "{% if vars.list %}\nhostname: node1\n{% endif %}\nhostnme: x\n", 4, 1, id="after a condition"
        ),
        pytest.param(
            "files:\n{% for x in vars.list %}\n  - path: /{{ x }}\n    mde: 1\n{% endfor %}\n",
            4,
            5,
            id="a loop",
        ),
        pytest.param(
            "files:\n  - path: /a\n    content: |\n      {{ vars.text | indent(6) }}\nhostnme: x\n",
            5,
            1,
            id="after a value of several lines",
        ),
        pytest.param("hostname: {{ vars.long }}\n", 1, 11, id="inside a value of several lines"),
        pytest.param(
            "{% for x in vars.empty %}\na: 1\n{% endfor %}\n{# several\nlines #}\nhostnme: x\n",
            6,
            1,
            id="after what left nothing behind",
        ),
        pytest.param("{% if vars.empty %}\nx\n{% endif %}\n", 1, 1, id="nothing at all"),
        pytest.param(
            "{% macro name(x) %}{{ x }} b{% endmacro %}\n# two\nhostname: {{ name('a') }}\n",
            1,
            20,
            id="a line of a macro",
        ),
    ],
)
def test_a_finding_points_at_the_line_of_the_template(text: str, line: int, column: int) -> None:
    found = findings(text)[0]

    assert (found.line, found.column) == (line, column)
    assert found.excerpt is not None
    assert text.splitlines()[line - 1].startswith(found.excerpt.rstrip("*"))


def test_the_variables_of_the_line_are_named_with_where_they_are_from() -> None:
    (found,) = findings("hostname: {{ machine.hostname }} {{ vars.bad }}\n")

    assert found.hint is not None
    assert found.hint.endswith("machine.hostname is from <machine.hostname>; vars.bad is from <vars.bad>")


def test_a_loop_variable_is_called_what_it_goes_through() -> None:
    (found,) = findings("files:\n{% for x in vars.list %}\n  - path: {{ x }}\n{% endfor %}\n")[:1]

    assert (found.line, "vars.list is from <vars.list>" in (found.hint or "")) == (3, True)


def test_a_template_that_measures_its_own_text_still_has_its_findings() -> None:
    text = "{% set part %}ab{% endset %}\n# {{ part | length }}\nhostnme: x\n"

    (found,) = findings(text)

    assert (
        found.line,
        found.hint is not None and found.hint.startswith("line 2 of the rendered config"),
    ) == (1, True)


def test_a_template_that_fails_only_with_marks_still_has_its_findings() -> None:
    (found,) = findings("{% set part %}2{% endset %}\n# {{ 4 // (part | int) }}\nhostnme: x\n")

    assert found.message == "unknown key 'hostnme'"


def test_a_secret_in_the_template_is_in_no_finding() -> None:
    found = findings(
        "users:\n  - name: ops{{ vars.bad }}\n    password_hash: hunter2 {{ machine.hostname }}\n"
    )

    assert found
    assert "hunter2" not in str(found)


def test_check_validates_every_machine_and_says_whose_file_is_wrong(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        profiles__node="image: debian-12\nconfig: node.yaml\nvars: {shell: /bin/sh}\n",
        groups__nodes="profile: node\nvars:\n  mode: '0644'\n",
        machines__node1="mac: 52:54:00:77:00:01\n",
        machines__node2="mac: 52:54:00:77:00:02\nvars:\n  # wrong here only\n  mode: '0999'\n",
        configs__node="hostname: {{ machine.hostname }}\nfiles:\n  - path: /etc/a\n    mode: '{{ vars.mode }}'\n"
        "    content: {{ vars.shell }}\n",
    )

    (found,) = check_machines(index, example_surroundings({}, {}))

    assert (found.file, found.line) == (str(tmp_path / "configs/node.yaml"), 4)
    assert (found.hint or "").endswith(f"vars.mode is from {tmp_path}/machines/node2.yaml:4")


def test_a_machine_that_a_serial_number_will_select_is_checked_with_every_group_that_it_may_be_in(
    tmp_path: Path,
) -> None:
    index = index_of(
        tmp_path,
        groups__nodes="profile: node\nselector: {serial: S1}\n",
        groups__other="profile: node\nselector: {serial: S2, subnet: 10.77.0.0/24}\nvars: {x: 1}\n",
        groups__away="profile: node\nselector: {serial: S3, subnet: 10.78.0.0/24}\n",
        groups__named="profile: node\nselector: {serial: S4, hostname: another}\n",
        configs__node="hostname: {{ machine.hostname }}{{ vars.x }}\n",
    )

    found = check_machines(index, example_surroundings({}, {}))

    assert [finding.code for finding in found] == ["undefined-variable"]
    assert [one.group.name for one in possible_selections(index, index.machines["node1"])] == [
        "nodes",
        "other",
    ]
