"""`include`: where included configs come from, files and URLs, and what commands say about them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from provision.cli import main
from provision.errors import SourceError
from provision.load import Loaded, load_bytes, load_file
from provision.resolve import Includes


def write(directory: Path, **texts: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, text in texts.items():
        (directory / f"{name}.yaml").write_text(text)
    return directory


def test_files_are_found_beside_the_file_that_includes_them(tmp_path: Path) -> None:
    write(
        tmp_path / "common", base="include: [{file: more.yaml}, {file: ../top.yaml}]\n", more="hostname: m\n"
    )
    write(tmp_path, main="include: [{file: common/base.yaml}]\n", top="users: [{name: core}]\n")

    document = load_file(tmp_path / "main.yaml").document

    assert document is not None
    assert (document.hostname, document.users[0].name) == ("m", "core")


def test_a_loop_is_found_by_whatever_names_the_files_go(tmp_path: Path) -> None:
    write(tmp_path, main="include: [{file: other/../link.yaml}]\n")
    write(tmp_path / "other")
    (tmp_path / "link.yaml").symlink_to("main.yaml")

    (finding,) = load_file(tmp_path / "main.yaml").findings

    assert finding.code == "include-loop"


@pytest.mark.parametrize("name", ["missing.yaml", ".", "pipe.yaml"])
def test_what_is_no_file_is_refused_without_waiting(name: str, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    write(tmp_path, main=f"include: [{{file: {name}}}]\n")

    (finding,) = load_file(tmp_path / "main.yaml").findings

    assert finding.code == "include-unreadable"


URL = "https://configs.example/base.yaml"


def from_url(served: bytes | SourceError, *, digest_of: bytes) -> Loaded:
    def fetch(url: str) -> bytes:
        assert url == URL
        if isinstance(served, SourceError):
            raise served
        return served

    config = {"include": [{"url": URL, "sha256": hashlib.sha256(digest_of).hexdigest()}]}
    return load_bytes(json.dumps(config).encode(), file="main", resolver=Includes(fetch=fetch))


def test_a_config_from_a_url_is_taken_when_its_digest_is_right() -> None:
    loaded = from_url(b"hostname: a\n", digest_of=b"hostname: a\n")

    assert loaded.document is not None
    assert loaded.document.hostname == "a"


@pytest.mark.parametrize(
    ("served", "digest_of", "code"),
    [
        pytest.param(b"hostname: b\n", b"hostname: a\n", "include-source", id="another digest"),
        pytest.param(SourceError("gone"), b"", "include-source", id="unreachable"),
        pytest.param(
            b"include: [{file: a}]", b"include: [{file: a}]", "include-file", id="a file from a URL"
        ),
        pytest.param(b"hostname: a_b", b"hostname: a_b", "hostname", id="a mistake in it"),
    ],
)
def test_a_config_from_a_url_is_refused(served: bytes | SourceError, digest_of: bytes, code: str) -> None:
    assert [finding.code for finding in from_url(served, digest_of=digest_of).findings] == [code]


def test_a_config_from_elsewhere_includes_no_file_of_the_machine() -> None:
    loaded = load_bytes(b"include: [{file: a}]", file="main", resolver=Includes(reads_files=False))

    assert [(one.code, one.line, one.column) for one in loaded.findings] == [("include-file", 1, 18)]


def test_validate_says_that_it_did_not_look_into_a_url(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, main=f"hostname: a\ninclude: [{{url: {URL}, sha256: {'a' * 64}}}]\n")

    assert main(["validate", str(tmp_path / "main.yaml")]) == 0

    assert "note[include-not-fetched]: include[0].url: not fetched" in capsys.readouterr().out


def test_validate_tells_programs_which_file_a_finding_is_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, main="include: [{file: base.yaml}]\nhostname: ${vars.a}\n", base="users: [{name: A}]\n")

    assert main(["validate", "--format", "json", str(tmp_path / "main.yaml")]) == 1

    (report,) = json.loads(capsys.readouterr().out)["files"]
    assert [finding.get("file") for finding in report["findings"]] == [None, str(tmp_path / "base.yaml")]


def test_plan_shows_what_the_included_files_ask_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, main="include: [{file: base.yaml}]\n", base="hostname: node1\n")

    assert main(["plan", str(tmp_path / "main.yaml"), "--root", str(tmp_path)]) == 0
    assert "+ file /etc/hostname  (hostname)" in capsys.readouterr().out
