"""Everything remote is there and verified before anything is written."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from provision.actions import AppendText, RemoteContent, Secret, Step, WriteFile
from provision.errors import SourceError
from provision.execute.target import Target
from provision.fetch.digest import verify
from provision.fetch.gather import gather, missing, unreadable
from provision.plan.build import Plan

TOOL = RemoteContent("http://server/tool", "sha256", hashlib.sha256(b"tool").hexdigest())
LOOSE = RemoteContent("http://server/loose", None, None)
OTHER = RemoteContent("http://server/other", "sha256", hashlib.sha256(b"other").hexdigest())


class Server:
    """Answers from a table and remembers what it was asked for."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, url: str, deadline_s: float, *, headers: Mapping[str, str]) -> bytes:
        self.asked.append(url)
        self.headers.append(dict(headers))
        name = url.rpartition("/")[2]
        if name not in self.files:
            raise SourceError(f"cannot fetch {url}: the server answers 404 Not Found", hint="check the URL")
        return self.files[name]


def plan(*contents: RemoteContent) -> Plan:
    return Plan(
        tuple(Step(WriteFile(f"/{n}", content), f"files[{n}].source") for n, content in enumerate(contents))
    )


def test_all_contents_are_fetched_each_once(tmp_path: Path) -> None:
    server = Server(tool=b"tool", loose=b"anything")

    contents = gather(plan(TOOL, LOOSE, TOOL), Target(tmp_path), fetch=server)

    assert contents == {TOOL: b"tool", LOOSE: b"anything"}
    assert sorted(server.asked) == ["http://server/loose", "http://server/tool"]


def test_what_makes_a_file_only_with_something_else_is_fetched_whatever_is_there(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(b"tool")
    asked = Plan(
        (
            Step(WriteFile("/0", TOOL, rest=(b"+", LOOSE)), "files[0]"),
            Step(AppendText("/1", (b"text\n", OTHER)), "files[1]"),
        )
    )

    wanted = ((TOOL, "files[0]"), (LOOSE, "files[0]"), (OTHER, "files[1]"))
    assert missing(asked, Target(tmp_path)) == unreadable(asked, Target(tmp_path)) == wanted


def test_content_that_the_machine_has_already_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(b"tool")

    assert missing(plan(TOOL), Target(tmp_path)) == ()


def test_content_without_a_digest_is_always_fetched(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(b"anything")

    assert missing(plan(LOOSE), Target(tmp_path)) == ((LOOSE, "files[0].source"),)


def test_an_unreachable_source_is_named_with_its_config_path(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        gather(plan(LOOSE, TOOL), Target(tmp_path), fetch=Server(loose=b""))

    assert str(caught.value) == (
        "files[1].source: cannot fetch http://server/tool: the server answers 404 Not Found (check the URL)"
    )


def test_a_wrong_digest_is_named_with_both_digests_and_the_url(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        gather(plan(TOOL), Target(tmp_path), fetch=Server(tool=b"changed"))

    assert caught.value.path == "files[0].source"
    assert caught.value.message == (
        f"http://server/tool: sha256 is {hashlib.sha256(b'changed').hexdigest()}, not {TOOL.digest}"
    )


def test_digests_are_compared_in_any_case() -> None:
    verify(b"tool", "sha256", hashlib.sha256(b"tool").hexdigest().upper())


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(SourceError, match="digest 'md5' is not known"):
        verify(b"", "md5", "d41d8cd98f00b204e9800998ecf8427e")


def test_packed_content_is_unpacked_before_its_digest_is_compared(tmp_path: Path) -> None:
    packed = RemoteContent(TOOL.url, TOOL.algorithm, TOOL.digest, compression="gzip")

    assert gather(plan(packed), Target(tmp_path), fetch=Server(tool=gzip.compress(b"tool"))) == {
        packed: b"tool"
    }


def test_content_that_is_not_packed_as_promised_is_named(tmp_path: Path) -> None:
    packed = RemoteContent(TOOL.url, TOOL.algorithm, TOOL.digest, compression="gzip")

    with pytest.raises(SourceError, match="http://server/tool: cannot be unpacked: not gzip") as caught:
        gather(plan(packed), Target(tmp_path), fetch=Server(tool=b"tool"))

    assert caught.value.path == "files[0].source"


def test_headers_are_sent_with_their_own_request_only(tmp_path: Path) -> None:
    private = RemoteContent("http://server/tool", None, None, headers=(("Token", Secret("hunter2")),))
    server = Server(tool=b"tool")

    gather(plan(private, TOOL), Target(tmp_path), fetch=server)

    assert sorted(server.headers, key=len) == [{}, {"Token": "hunter2"}]


def test_what_is_not_to_be_overwritten_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("theirs")
    steps = [Step(WriteFile(path, LOOSE, overwrite=False), path) for path in ("/kept", "/new")]

    assert missing(Plan(tuple(steps)), Target(tmp_path)) == ((LOOSE, "/new"),)
