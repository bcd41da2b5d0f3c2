"""Templates are strict, boxed in, and wrong in a certain line."""

from __future__ import annotations

import pytest

from provision.findings import Finding
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.configs import render_config
from pxeserver.render.templates import render_template

VARIABLES: dict[str, object] = {
    "machine": {"hostname": "node1", "mac": "52:54:00:77:00:01"},
    "vars": {"items": 3, "disks": {"a": 1}, "list": ["x", "y"]},
}


def render(text: str) -> str | Finding:
    return render_template(ConfigTemplate("configs/node.yaml", text), VARIABLES)


def test_variables_are_put_in_as_they_are() -> None:
    assert render("a: {{ machine.hostname }} & <b>\n") == "a: node1 & <b>\n"


def test_a_variable_may_have_the_name_of_a_method() -> None:
    assert render("{{ vars.items }}") == "3"
    assert render("{% for name, n in vars.disks.items() %}{{ name }}{{ n }}{% endfor %}") == "a1"


def test_lines_with_nothing_but_a_statement_leave_nothing_behind() -> None:
    text = "list:\n  {% for x in vars.list %}\n  - {{ x }}\n  {% endfor %}\nend: true\n"

    assert render(text) == "list:\n  - x\n  - y\nend: true\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        pytest.param(
            "a: 1\nb: {{ vars.nope }}\n", "undefined-variable", 2, "vars.nope is not defined", id="not there"
        ),
        pytest.param(
            "a: 1\nb: {{ machine.hostnam }}\n",
            "undefined-variable",
            2,
            "machine.hostnam is not defined; did you mean 'hostname'?",
            id="misspelt",
        ),
        pytest.param("a: {{ x\n", "template-syntax", 1, "expected", id="not closed"),
        pytest.param("\n{% if %}\n", "template-syntax", 2, "Expected an expression", id="half a statement"),
        pytest.param("\n\n{{ 1 / 0 }}\n", "template-failed", 3, "ZeroDivisionError", id="arithmetic"),
        pytest.param("{{ ''.__class__.__mro__ }}", "template-unsafe", 1, "unsafe", id="out of the box"),
        pytest.param("{% include '/etc/passwd' %}", "template-failed", 1, "no loader", id="other files"),
        pytest.param("{{ range(10**9) | list }}", "template-failed", 1, "", id="without end"),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_line(text: str, code: str, line: int, message: str) -> None:
    finding = render(text)

    assert isinstance(finding, Finding)
    assert (finding.file, finding.code, finding.line) == ("configs/node.yaml", code, line)
    assert message in finding.message


def test_a_finding_in_the_config_points_at_the_line_of_the_template() -> None:
    template = ConfigTemplate(
        "configs/node.yaml",
        "hostname: {{ machine.hostname }}\n"
        "files:\n"
        "{% for x in vars.list %}\n"
        "  - path: /etc/{{ x }}\n"
        "    content: {{ x }}\n"
        "{% endfor %}\n"
        "hostnme: x\n",
    )

    rendered = render_config(template, VARIABLES)

    assert not rendered.is_valid
    assert [(finding.line, "hostnme" in finding.message) for finding in rendered.findings] == [(7, True)]


def test_a_valid_config_has_its_text() -> None:
    rendered = render_config(ConfigTemplate("c", "hostname: {{ machine.hostname }}\n"), VARIABLES)

    assert rendered.is_valid
    assert rendered.text == "hostname: node1\n"
