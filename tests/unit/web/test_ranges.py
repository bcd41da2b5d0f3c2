"""What is answered when a file is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pxeserver.inventory.images import Asset
from pxeserver.web.ranges import FileReply, TextReply, answer

DIGEST = "ab" * 32
ASSET = Asset(Path("/images/debian-12/vmlinuz"), "vmlinuz", "kernel", DIGEST, 1000)
PATH = f"/assets/sha256/{DIGEST}/vmlinuz"
ETAG = f'"{DIGEST}"'


def find(digest: str) -> Asset | None:
    return ASSET if digest == DIGEST else None


def ask(
    headers: dict[str, str] | None = None, *, method: str = "GET", target: str = PATH
) -> FileReply | TextReply:
    return answer(method, target, headers or {}, find)


def test_the_whole_file_comes_with_length_and_tag() -> None:
    reply = ask()

    assert isinstance(reply, FileReply)
    assert (reply.status, reply.offset, reply.count, reply.ends_file) == (200, 0, 1000, True)
    assert reply.headers == (
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", "1000"),
        ("ETag", ETAG),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", "public, max-age=31536000, immutable"),
    )


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("snponly.efi", "application/efi"),
        ("installer.iso", "application/vnd.efi-iso"),
        ("initrd.img", "application/octet-stream"),
        ("vmlinuz", "application/octet-stream"),
    ],
)
def test_uefi_is_told_what_it_can_start(name: str, content_type: str) -> None:
    asset = replace(ASSET, name=name)

    reply = answer("GET", f"/assets/sha256/{DIGEST}/{name}", {}, lambda _: asset)

    assert ("Content-Type", content_type) in reply.headers


def test_head_gets_the_same_headers_and_no_body() -> None:
    reply = ask({"range": "bytes=0-9"}, method="HEAD")

    assert isinstance(reply, FileReply)
    assert (reply.status, reply.has_body, reply.ends_file) == (200, False, False)
    assert ("Content-Length", "1000") in reply.headers


@pytest.mark.parametrize(
    ("wanted", "content_range", "ends_file"),
    [
        pytest.param("bytes=0-99", "bytes 0-99/1000", False, id="the beginning"),
        pytest.param("bytes=900-", "bytes 900-999/1000", True, id="the rest"),
        pytest.param("bytes=-10", "bytes 990-999/1000", True, id="the last ten"),
        pytest.param("bytes=-5000", "bytes 0-999/1000", True, id="more than there is, from the end"),
        pytest.param("bytes=990-5000", "bytes 990-999/1000", True, id="more than there is"),
    ],
)
def test_a_range_is_answered_with_just_that(wanted: str, content_range: str, ends_file: bool) -> None:
    reply = ask({"range": wanted})

    assert isinstance(reply, FileReply)
    assert reply.status == 206
    assert dict(reply.headers)["Content-Range"] == content_range
    assert dict(reply.headers)["Content-Length"] == str(reply.count)
    assert reply.ends_file is ends_file


@pytest.mark.parametrize("wanted", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_with_nothing_in_it_is_refused_with_the_size(wanted: str) -> None:
    reply = ask({"range": wanted})

    assert isinstance(reply, TextReply)
    assert (reply.status, reply.headers) == (416, (("Content-Range", "bytes */1000"),))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"range": "bytes=9-1"}, id="backwards"),
        pytest.param({"range": "bytes=-"}, id="no number"),
        pytest.param({"range": "lines=1-2"}, id="another unit"),
        pytest.param({"range": "bytes=0-1,5-6"}, id="several at once"),
        pytest.param({"range": "bytes=0-9", "if-range": '"older"'}, id="of another version"),
        pytest.param({"range": "bytes=0-9", "if-range": f"W/{ETAG}"}, id="of a version that is only alike"),
        pytest.param(
            {"range": "bytes=0-9", "if-range": "Sat, 01 Jan 2000 00:00:00 GMT"}, id="of a date nobody told"
        ),
    ],
)
def test_a_range_that_cannot_be_used_gets_the_whole_file(headers: dict[str, str]) -> None:
    assert ask(headers).status == 200


def test_a_range_of_this_version_is_answered() -> None:
    assert ask({"range": "bytes=0-9", "if-range": ETAG}).status == 206


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"if-match": ETAG}, id="of this version, as UEFI resumes"),
        pytest.param({"if-match": f'"x", {ETAG}'}, id="of this version among others"),
        pytest.param({"if-match": "*"}, id="of any version"),
        pytest.param(
            {"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}, id="what a digest names never changes"
        ),
    ],
)
def test_a_download_that_goes_on_gets_its_range(headers: dict[str, str]) -> None:
    assert ask({"range": "bytes=500-", **headers}).status == 206


@pytest.mark.parametrize("tags", ['"older"', f"W/{ETAG}", ""])
def test_a_download_of_another_version_does_not_go_on(tags: str) -> None:
    reply = ask({"range": "bytes=500-", "if-match": tags})

    assert isinstance(reply, TextReply)
    assert (reply.status, dict(reply.headers)["ETag"]) == (412, ETAG)


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", "*", f'"x", {ETAG}'])
def test_who_has_the_file_already_is_told_so(tags: str) -> None:
    reply = ask({"if-none-match": tags})

    assert isinstance(reply, TextReply)
    assert (reply.status, reply.text) == (304, "")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/", id="the root: there is no listing"),
        pytest.param(f"/assets/sha256/{DIGEST}/", id="no name"),
        pytest.param(f"/assets/sha256/{DIGEST}/initrd.img", id="another name"),
        pytest.param(f"/assets/sha256/{'cd' * 32}/vmlinuz", id="unknown digest"),
        pytest.param(f"/assets/sha256/{DIGEST.upper()}/vmlinuz", id="another spelling"),
        pytest.param(f"/assets/sha256/{DIGEST}/../../etc/passwd", id="up and away"),
        pytest.param(f"/assets/sha256/{DIGEST}/vmlinuz%00", id="a NUL"),
        pytest.param("http://[", id="no URL at all"),
    ],
)
def test_anything_else_is_not_found(target: str) -> None:
    assert ask(target=target).status == 404


@pytest.mark.parametrize("target", [f"/{PATH}", PATH.replace("/", "//"), f"/{PATH}?x=//"])
def test_slashes_too_many_lead_to_the_file_without_a_redirect(target: str) -> None:
    assert ask(target=target).status == 200


def test_a_proxy_may_ask_with_the_whole_url() -> None:
    assert ask(target=f"http://10.77.0.1:8081{PATH}?x=1").status == 200


def test_other_methods_are_refused() -> None:
    reply = ask(method="DELETE")

    assert isinstance(reply, TextReply)
    assert (reply.status, reply.headers) == (405, (("Allow", "GET, HEAD"),))
