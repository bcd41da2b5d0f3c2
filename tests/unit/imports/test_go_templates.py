"""Go's template actions in the words of ours; both give the same text."""

from __future__ import annotations

import pytest

from pxeserver.imports.go_templates import convert
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.templates import render_template

VARIABLES: dict[str, object] = {
    "vars": {
        "name": "etcd",
        "keys": ["k1", "k2"],
        "empty": "",
        "nodes": [{"name": "a"}, {"name": "b"}],
        "on": True,
    },
    "machine": {"mac": "52:54:00:77:00:01"},
}


def field_name(name: str) -> str | None:
    return {"mac": "machine.mac", "request.raw_query": None}.get(name, f"vars.{name}")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param("a {{.name}} {{ .mac }}", "a etcd 52:54:00:77:00:01", id="fields"),
        pytest.param('{{if index . "name"}}yes{{else}}no{{end}}', "yes", id="a value that is there"),
        pytest.param('{{if index . "nope"}}yes{{else}}no{{end}}', "no", id="a value that is not"),
        pytest.param("{{if .empty}}yes{{end}}", "", id="an empty value"),
        pytest.param('{{if eq .name "x"}}1{{else if ne .name "y"}}2{{end}}', "2", id="comparisons"),
        pytest.param("{{if not .empty}}yes{{end}}", "yes", id="not"),
        pytest.param("{{range $k := .keys}}- {{$k}}\n{{end}}", "- k1\n- k2\n", id="a named loop"),
        pytest.param("{{range .keys}}<{{.}}>{{end}}", "<k1><k2>", id="a loop over dots"),
        pytest.param("{{range .nodes}}{{.name}};{{end}}", "a;b;", id="fields of the dot"),
        pytest.param(
            '{{range $i, $k := .keys}}{{if $i}},{{end}}"{{$k}}"{{end}}', '"k1","k2"', id="commas between"
        ),
        pytest.param("a {{- .name -}} b", "aetcdb", id="trimmed spaces"),
        pytest.param("{{/* nothing */}}x", "x", id="a comment"),
        pytest.param('{"a": {"b": "{{.name}}"}}', '{"a": {"b": "etcd"}}', id="braces of JSON"),
    ],
)
def test_the_result_is_what_go_would_make(text: str, result: str) -> None:
    converted = convert(text, field_name)

    assert converted.problems == []
    assert render_template(ConfigTemplate("x", converted.text), VARIABLES) == result


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param('a\n{{printf "%s" .name}}', [(2, '{{printf "%s" .name}}')], id="a function"),
        pytest.param("{{.name | html}}", [(1, "{{.name | html}}")], id="a pipeline"),
        pytest.param(
            "{{.request.raw_query}}", [(1, "{{.request.raw_query}}")], id="a field that is not here"
        ),
        pytest.param(
            "{{if .on}}{{with .name}}x{{end}}{{end}}", [(1, "{{with .name}}"), (1, "{{end}}")], id="with"
        ),
        pytest.param("{{end}}", [(1, "{{end}}")], id="an end of nothing"),
    ],
)
def test_what_has_no_counterpart_is_named_with_its_line(text: str, problems: list[tuple[int, str]]) -> None:
    assert convert(text, field_name).problems == problems
