"""Section `report`: whom the machine tells."""

from __future__ import annotations

import json

import pytest

from provision.facts import Facts
from provision.findings import render_github, render_json, render_text
from provision.load import load_bytes
from provision.sections import plan_document
from tests.unit.provision.checks import codes

URL = "https://status.example/v1/events"


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param({"url": URL}, [], id="without a token"),
        pytest.param({"url": URL, "token": "abc-._~+/="}, [], id="with one"),
        pytest.param({"url": "http://10.0.0.1:8080/${facts.machine}"}, [], id="a fact in the URL"),
        pytest.param({}, ["missing-key report"], id="no URL"),
        pytest.param({"url": "ftp://a/"}, ["url report.url"], id="another scheme"),
        pytest.param({"url": URL, "token": ""}, ["report-token report.token"], id="an empty token"),
        pytest.param({"url": URL, "token": "a\r\nX: b"}, ["report-token report.token"], id="a second header"),
        pytest.param({"url": URL, "token": "${vars.a}"}, ["report-token report.token"], id="a variable"),
        pytest.param({"url": URL, "token": 5}, ["wrong-type report.token"], id="a number"),
    ],
)
def test_a_place_to_report_to_is_a_url_and_perhaps_a_token(
    report: dict[str, object], expected: list[str]
) -> None:
    assert codes(json.dumps({"report": report})) == expected


def test_nothing_is_written_to_the_machine() -> None:
    loaded = load_bytes(f"report: {{url: '{URL}'}}".encode(), file="config.yaml")

    assert loaded.document is not None
    assert plan_document(loaded.document, Facts()) == ()


def test_the_token_shows_in_no_output() -> None:
    loaded = load_bytes(b"report: {url: x, token: hunter2 hunter2}", file="config.yaml")
    valid = load_bytes(f"report: {{url: '{URL}', token: hunter2}}".encode(), file="config.yaml")

    shown = [render([loaded.report]) for render in (render_text, render_json, render_github)]

    assert len(loaded.findings) == 2
    assert "hunter2" not in "".join(shown) + repr(loaded) + repr(valid)
