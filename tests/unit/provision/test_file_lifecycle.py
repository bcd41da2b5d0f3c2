"""Sections `files`, `directories` and `links`: packed and remote contents, appending, removal."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import pytest

from provision.actions import Action, AppendText, RemoteContent, RemovePath, Secret, WriteFile
from provision.facts import Facts
from provision.findings import render_text
from provision.load import load_bytes
from provision.plan.order import ordered
from provision.sections import plan_document
from tests.unit.provision.checks import codes

HELLO = hashlib.sha256(b"hello").hexdigest()
PACKED = base64.b64encode(gzip.compress(b"hello", mtime=0)).decode()


def file(**fields: object) -> list[str]:
    return codes(json.dumps({"files": [{"path": "/etc/a", **fields}]}))


def actions(**document: object) -> list[Action]:
    loaded = load_bytes(json.dumps(document).encode(), file="config.yaml")
    assert loaded.document is not None, loaded.findings
    return [step.action for step in ordered(plan_document(loaded.document, Facts(hostname="node1")))]


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        pytest.param({"content_base64": PACKED, "compression": "gzip"}, b"hello", id="packed"),
        pytest.param({"source": "data:,hello%20you"}, b"hello you", id="data URL"),
        pytest.param({"source": "data:,${facts.hostname}"}, b"node1", id="data URL with a variable"),
        pytest.param({"source": "data:text/plain;charset=utf-8,a,b"}, b"a,b", id="data URL with a type"),
        pytest.param({"source": "data:;base64,aGVsbG8="}, b"hello", id="data URL in base64"),
        pytest.param({"source": "DATA:;base64,aGVsbG8%3D", "sha256": HELLO}, b"hello", id="with its digest"),
        pytest.param(
            {"source": f"data:;base64,{PACKED}", "compression": "gzip", "sha256": HELLO},
            b"hello",
            id="digest of the unpacked content",
        ),
    ],
)
def test_content_that_stands_in_the_config(fields: dict[str, object], content: bytes) -> None:
    assert file(**fields) == []
    assert actions(files=[{"path": "/etc/a", **fields}]) == [WriteFile("/etc/a", content)]


def test_a_source_with_headers_and_packed_content() -> None:
    fields = {"source": "https://h/a", "compression": "gzip", "headers": {"Authorization": "Bearer hunter2"}}
    remote = RemoteContent(
        "https://h/a", None, None, "gzip", headers=(("Authorization", Secret("Bearer hunter2")),)
    )

    made = actions(files=[{"path": "/etc/a", **fields}])

    assert made == [WriteFile("/etc/a", remote)]
    assert "hunter2" not in repr(made)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"content": "a", "compression": "gzip"},
            ["compression-without-bytes files[0].compression"],
            id="packed text",
        ),
        pytest.param(
            {"source": "https://h/a", "compression": "xz"},
            ["wrong-type files[0].compression"],
            id="unknown packer",
        ),
        pytest.param(
            {"content_base64": "aGVsbG8=", "compression": "gzip"},
            ["gzip files[0].content_base64"],
            id="not packed at all",
        ),
        pytest.param(
            {"content_base64": PACKED[:20], "compression": "gzip"},
            ["gzip files[0].content_base64"],
            id="cut",
        ),
        pytest.param(
            {
                "content_base64": base64.b64encode(gzip.compress(bytes(2**20))).decode(),
                "compression": "gzip",
            },
            ["gzip files[0].content_base64"],
            id="much more unpacked than packed",
        ),
        pytest.param({"source": "data:hello"}, ["url files[0].source"], id="data URL without comma"),
        pytest.param({"source": "data:,a b"}, ["url files[0].source"], id="data URL with a space"),
        pytest.param({"source": "data:;base64,a"}, ["url files[0].source"], id="data URL with cut base64"),
        pytest.param(
            {"source": "data:,hi", "sha256": HELLO},
            ["digest-mismatch files[0].sha256"],
            id="digest of something else",
        ),
        pytest.param(
            {"content": "", "headers": {"A": "b"}},
            ["headers-without-source files[0].headers"],
            id="headers for nobody",
        ),
        pytest.param(
            {"source": "data:,a", "headers": {"A": "b"}},
            ["headers-without-source files[0].headers"],
            id="headers of what is not fetched",
        ),
        pytest.param(
            {"source": "http://h/a", "sha256": HELLO, "headers": {"A": "b"}},
            ["headers-in-clear files[0].source"],
            id="headers that anyone can read",
        ),
        pytest.param(
            {"source": "tftp://h/a", "sha256": HELLO, "headers": {"A": "b"}},
            ["headers-without-http files[0].headers"],
            id="headers that TFTP cannot send",
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"A b": "c"}},
            ["header files[0].headers.A b"],
            id="space in a name",
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"A": "b\r\nC: d"}},
            ["header files[0].headers.A"],
            id="another header in a value",
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"A": ""}}, ["header files[0].headers.A"], id="no value"
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"Host": "x"}},
            ["header files[0].headers.Host"],
            id="header of the transport",
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"Token": "a", "token": "b"}},
            ["header files[0].headers.token"],
            id="twice in other letters",
        ),
        pytest.param(
            {"source": "https://h/a", "headers": {"A": 1}}, ["wrong-type files[0].headers.A"], id="a number"
        ),
        pytest.param({"append": ["a"]}, [], id="append"),
        pytest.param(
            {"append": ["a"], "content": "b", "overwrite": "own"},
            [],
            id="append to own content",
        ),
        pytest.param({"append": [{"content_base64": "YQ=="}, {"source": "data:,a"}]}, [], id="append pieces"),
        pytest.param({"append": [{}]}, ["append-content files[0].append[0]"], id="append a piece of nothing"),
        pytest.param(
            {"append": [{"content_base64": "YQ==", "source": "data:,a"}]},
            ["append-content files[0].append[0]"],
            id="append a piece that is two",
        ),
        pytest.param(
            {"append": [{"source": "ftp://h/a"}]}, ["url files[0].append[0].source"], id="append from nowhere"
        ),
        pytest.param(
            {"append": [{"source": "data:,a", "sha256": "0" * 64}]},
            ["digest-mismatch files[0].append[0].sha256"],
            id="append what has another digest",
        ),
        pytest.param({"append": ["\n"]}, ["append-empty files[0].append[0]"], id="append nothing"),
        pytest.param(
            {"append": ["a"], "overwrite": False},
            ["append-overwrite files[0].overwrite"],
            id="append and keep",
        ),
        pytest.param({"absent": True}, [], id="absent"),
        pytest.param(
            {"absent": True, "content": "a", "mode": "0600"},
            ["absent-with-more files[0].content", "absent-with-more files[0].mode"],
            id="absent with content",
        ),
    ],
)
def test_what_is_said_about_a_file(fields: dict[str, object], expected: list[str]) -> None:
    assert file(**fields) == expected


@pytest.mark.parametrize("value", ["hunter2\u00e9", "hunter2\nhunter2"])
def test_a_finding_about_a_header_does_not_show_its_value(value: str) -> None:
    text = json.dumps({"files": [{"path": "/a", "source": "https://h/a", "headers": {"Token": value}}]})

    output = render_text([load_bytes(text.encode(), file="config.yaml").report])

    assert "files[0].headers.Token" in output
    assert "hunter2" not in output


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"directories": [{"path": "/srv/a", "absent": True}]}, [], id="empty directory"),
        pytest.param(
            {"directories": [{"path": "/srv/a", "absent": True, "recursive": True}]}, [], id="full directory"
        ),
        pytest.param({"links": [{"path": "/srv/a", "absent": True}]}, [], id="link"),
        pytest.param(
            {"directories": [{"path": "/srv/a", "recursive": True}]},
            ["recursive directories[0].recursive"],
            id="recursive without absent",
        ),
        pytest.param(
            {"directories": [{"path": "/srv/a", "absent": True, "mode": "0755"}]},
            ["absent-with-more directories[0].mode"],
            id="directory with a mode",
        ),
        pytest.param(
            {"directories": [{"path": "/usr", "absent": True, "recursive": True}]},
            ["remove-system directories[0].path"],
            id="the whole system",
        ),
        pytest.param(
            {"links": [{"path": "/srv/a", "absent": True, "target": "b"}]},
            ["absent-with-more links[0].target"],
            id="link with a target",
        ),
        pytest.param({"links": [{"path": "/srv/a"}]}, ["missing-key links[0]"], id="link without a target"),
        pytest.param(
            {
                "directories": [{"path": "/srv/a", "absent": True, "recursive": True}],
                "files": [{"path": "/srv/a/b", "content": ""}],
            },
            ["below-absent files[0].path"],
            id="file below what is removed",
        ),
        pytest.param(
            {
                "directories": [{"path": "/srv/a", "absent": True}],
                "files": [{"path": "/srv/a/b", "absent": True}],
            },
            [],
            id="both go",
        ),
        pytest.param(
            {
                "files": [{"path": "/srv/a", "absent": True}],
                "links": [{"path": "/srv/a", "target": "b"}],
            },
            ["duplicate-path links[0].path"],
            id="removed and made",
        ),
    ],
)
def test_a_removal(document: dict[str, object], expected: list[str]) -> None:
    assert codes(json.dumps(document)) == expected


def test_removals_come_first_and_the_deepest_of_them_before_all() -> None:
    assert actions(
        files=[{"path": "/srv/a/b", "absent": True}, {"path": "/etc/b", "append": ["x\n\n", "y"]}],
        directories=[
            {"path": "/srv/a", "absent": True},
            {"path": "/opt/b", "absent": True, "recursive": True},
        ],
        links=[{"path": "/l", "absent": True}],
    ) == [
        RemovePath("/srv/a/b"),
        RemovePath("/srv/a", directory=True),
        RemovePath("/opt/b", directory=True, recursive=True),
        RemovePath("/l"),
        AppendText("/etc/b", (b"x\n", b"y\n")),
    ]


@pytest.mark.parametrize("mode", ["4755", "2750", "1777", "01777", "0o4755"])
def test_set_id_and_sticky_bits_are_part_of_a_mode(mode: str) -> None:
    text = {
        "files": [{"path": "/a", "content": "", "mode": mode}],
        "directories": [{"path": "/d", "mode": mode}],
    }

    assert codes(json.dumps(text)) == []
