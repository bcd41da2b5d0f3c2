"""Log lines: searchable, and safe whatever machines send."""

from __future__ import annotations

import json
import logging

import pytest

from pxeserver.logs import JsonFormatter, TextFormatter


def record(text: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("pxeserver", logging.INFO, "file.py", 1, text, None, None)
    made.created = 0.25
    made.__dict__["fields"] = fields
    return made


def test_a_text_line_ends_in_its_fields() -> None:
    line = TextFormatter().format(record("offered 10.77.0.11", mac="52:54:00:77:00:01", reason="a pool"))

    assert line == ('1970-01-01T00:00:00.250Z info offered 10.77.0.11 mac=52:54:00:77:00:01 reason="a pool"')


def test_what_machines_send_cannot_forge_a_line() -> None:
    line = TextFormatter().format(record("hello\n1970 error", reason="\x1b[2J\nx"))

    assert line == "1970-01-01T00:00:00.250Z info hello\\n1970 error reason=\\x1b[2J\\nx"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /v1/x?mac=1&token=s3cret-Token_ HTTP", "GET /v1/x?mac=1&token=*** HTTP"),
        ("provision.token=s3cret-Token_ quiet", "provision.token=*** quiet"),
        ("GET /discovery/0123456789abcdef0123456789abcdef/4d", "GET /discovery/***/4d"),
        ("GET /discovery/new", "GET /discovery/new"),
        ("Authorization: Bearer s3cret-Token_", "Authorization: Bearer ***"),
        ("http://ops:s3cret@mirror.example/a", "http://***@mirror.example/a"),
        ("http://mirror.example/a@b", "http://mirror.example/a@b"),
    ],
)
def test_no_secret_of_a_url_is_logged(text: str, shown: str) -> None:
    assert (
        TextFormatter()
        .format(record("x", reason=text))
        .endswith(f'reason="{shown}"' if " " in shown else shown)
    )
    assert json.loads(JsonFormatter().format(record(text, reason=text)))["message"] == shown
    assert json.loads(JsonFormatter().format(record("x", reason=text)))["reason"] == shown


def test_numbers_stay_numbers_for_programs_that_read_them() -> None:
    assert json.loads(JsonFormatter().format(record("sent", bytes=5)))["bytes"] == 5


def test_a_json_line_is_one_object() -> None:
    line = JsonFormatter().format(record("offered", step="offer", level="a field cannot take its place"))

    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "info",
        "message": "offered",
        "step": "offer",
    }
