"""The three renderings of findings."""

from __future__ import annotations

import json

from provision.findings import (
    FileReport,
    Finding,
    Severity,
    did_you_mean,
    path_text,
    render_github,
    render_json,
    render_text,
)

FINDING = Finding(
    severity=Severity.ERROR,
    code="unknown-key",
    path="users[0].nmae",
    file="a,b.yaml",
    line=12,
    column=5,
    message="unknown key 'nmae': 100%\nsure",
    hint="did you mean 'name'?",
    excerpt="  - nmae: core",
    width=4,
)
REPORT = FileReport("a,b.yaml", "native", (FINDING,))


def test_text_shows_the_line_and_points_at_the_place() -> None:
    assert render_text([REPORT]) == (
        "error[unknown-key]: users[0].nmae: unknown key 'nmae': 100%\nsure\n"
        "  --> a,b.yaml:12:5\n"
        "   |\n"
        "12 |   - nmae: core\n"
        "   |     ^^^^\n"
        "   = hint: did you mean 'name'?\n"
        "\n"
        "a,b.yaml: invalid, 1 error\n"
    )


def test_json_has_the_documented_keys_and_no_others() -> None:
    assert json.loads(render_json([REPORT])) == {
        "files": [
            {
                "file": "a,b.yaml",
                "format": "native",
                "valid": False,
                "findings": [
                    {
                        "severity": "error",
                        "code": "unknown-key",
                        "path": "users[0].nmae",
                        "line": 12,
                        "column": 5,
                        "message": "unknown key 'nmae': 100%\nsure",
                        "hint": "did you mean 'name'?",
                    }
                ],
            }
        ]
    }


def test_a_github_annotation_is_one_line_with_its_special_characters_escaped() -> None:
    assert render_github([REPORT]) == (
        "::error file=a%2Cb.yaml,line=12,col=5,title=provision unknown-key::"
        "users[0].nmae: unknown key 'nmae': 100%25%0Asure (did you mean 'name'?)\n"
    )


def test_a_long_line_is_shown_around_the_place_without_terminal_escapes() -> None:
    line = "x" * 300 + "\x1b[31m" + "y" * 300
    finding = Finding(Severity.NOTE, "c", "", "f", 1, 301, "m", excerpt=line, width=1000)

    text = render_text([FileReport("f", "native", (finding,))])

    assert "\x1b" not in text
    assert max(len(row) for row in text.splitlines()) < 120


def test_a_report_with_warnings_only_is_valid() -> None:
    warning = Finding(Severity.WARNING, "c", "", "f", 1, 1, "m")

    assert render_text([FileReport("f", "native", (warning, warning))]).endswith("f: valid, 2 warnings\n")


def test_a_suggestion_sees_through_other_spellings() -> None:
    assert did_you_mean("SSH-Authorized-Keys", ["name", "ssh_authorized_keys"]) == (
        "did you mean 'ssh_authorized_keys'?"
    )
    assert did_you_mean("zzz", ["name"]) is None


def test_a_path_reads_as_users_write_it() -> None:
    assert path_text(("users", 0, "ssh_authorized_keys", 1)) == "users[0].ssh_authorized_keys[1]"
