"""Published images, from disk and from a real HTTP server that breaks off, and continued where they were."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pxeserver.cli import main
from pxeserver.images.download import CHUNK_BYTES, DownloadError, download
from pxeserver.images.manifest import list_images, read_manifest, verify_image
from tests.contract.test_fetch import serving

CONTENT = {name: (name * 700_000).encode() for name in ("vmlinuz", "initrd", "rootfs")}


def sha256(name: str) -> str:
    return hashlib.sha256(CONTENT[name]).hexdigest()


class Mirror:
    """Sends files with ranges; breaks the first `breaks` connections in the middle."""

    def __init__(self, *, breaks: int = 0, ranges: bool = True) -> None:
        self.breaks = breaks
        self.ranges = ranges
        self.asked: list[str] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", "")) if self.ranges else None
        first = int(wanted[1]) if wanted else 0
        self.asked.append(f"{name} from {first}")
        content = CONTENT.get(name)
        if content is None:
            handler.send_error(404)
            return
        if first >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206 if wanted else 200)
        handler.send_header("Content-Length", str(len(content) - first))
        handler.end_headers()
        is_broken = self.breaks > 0
        self.breaks -= is_broken
        handler.wfile.write(content[first : (first + len(content)) // 2 if is_broken else None])


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "published"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    yield folder


def run(images: Path, *arguments: str) -> int:
    return main(["image", "import", "--images", str(images), *arguments])


def test_files_on_disk_become_an_image(
    tmp_path: Path, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    parts = ("--kernel", str(files / "vmlinuz"), "--initrd", str(files / "initrd"))

    assert run(images, "flatcar", *parts, "--kernel-arg", "flatcar.first_boot=1") == 0

    (name, manifest), *others = list_images(images)
    assert (name, others) == ("flatcar", [])
    assert manifest == read_manifest(images / "flatcar")
    assert (manifest.has_agent, manifest.root, manifest.kernel_args) == (
        False,
        None,
        ("flatcar.first_boot=1",),
    )
    assert verify_image(images / "flatcar", manifest) == []
    assert manifest.kernel.sha256 == sha256("vmlinuz")
    assert capsys.readouterr().out.strip().startswith(f"flatcar {manifest.version}: ")


def test_a_download_that_breaks_off_is_continued(tmp_path: Path) -> None:
    mirror = Mirror(breaks=2)
    target = tmp_path / "rootfs"

    with serving(mirror) as url:
        download(f"{url}/rootfs", target, sha256("rootfs"), sleep=lambda _s: None)

    assert target.read_bytes() == CONTENT["rootfs"]
    size = len(CONTENT["rootfs"])
    assert size > 4 * CHUNK_BYTES
    assert mirror.asked == [f"rootfs from {first}" for first in (0, size // 2, size * 3 // 4)]


def test_a_server_without_ranges_sends_everything_again(tmp_path: Path) -> None:
    with serving(Mirror(breaks=1, ranges=False)) as url:
        download(f"{url}/initrd", tmp_path / "initrd", sha256("initrd"), sleep=lambda _s: None)

    assert (tmp_path / "initrd").read_bytes() == CONTENT["initrd"]


def test_what_was_there_when_we_were_killed_is_not_fetched_again(tmp_path: Path) -> None:
    mirror = Mirror()
    target = tmp_path / "initrd"
    target.write_bytes(CONTENT["initrd"])

    with serving(mirror) as url:
        download(f"{url}/initrd", target, sha256("initrd"))

    assert mirror.asked == [f"initrd from {len(CONTENT['initrd'])}"]


def test_another_content_is_not_kept(tmp_path: Path) -> None:
    with (
        serving(Mirror()) as url,
        pytest.raises(DownloadError, match=f"sha256 is {sha256('initrd')}, not 00"),
    ):
        download(f"{url}/initrd", tmp_path / "initrd", "0" * 64)

    assert not (tmp_path / "initrd").exists()


def test_urls_become_an_image_and_only_a_new_file_is_fetched_for_the_next(tmp_path: Path) -> None:
    mirror = Mirror()
    images = tmp_path / "images"
    with serving(mirror) as url:
        arguments = ["coreos"]
        for part, name in (("kernel", "vmlinuz"), ("initrd", "initrd"), ("root", "rootfs")):
            arguments += [f"--{part}", f"{url}/39/{name}", f"--{part}-sha256", sha256(name)]
        assert run(images, *arguments) == 0
        first = read_manifest(images / "coreos")
        assert run(images, *arguments) == 0

    assert read_manifest(images / "coreos") == first
    assert first.root is not None
    assert first.root.file == "rootfs"
    assert mirror.asked == [f"{name} from 0" for name in CONTENT]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--kernel", "http://127.0.0.1:1/k"], "kernel: a URL needs the digest", id="no digest"),
        pytest.param(["--kernel", "/none/k"], "kernel: /none/k: No such file", id="no file"),
        pytest.param(
            ["--kernel", "vmlinuz", "--kernel-sha256", "12"], "is no sha256 in hex", id="half a digest"
        ),
        pytest.param(["--kernel", "vmlinuz", "--kernel-sha256", "0" * 64], "sha256 is", id="another digest"),
    ],
)
def test_what_cannot_be_taken_is_said_and_leaves_no_image(
    tmp_path: Path,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(files)

    assert run(tmp_path / "images", "x", *arguments, "--initrd", "initrd") == 1
    assert message in capsys.readouterr().err
    assert list(list_images(tmp_path / "images")) == []


def test_a_name_that_leads_out_of_the_shelf_is_refused(tmp_path: Path, files: Path) -> None:
    parts = ("--kernel", str(files / "vmlinuz"), "--initrd", str(files / "initrd"))

    assert run(tmp_path / "images", "../x", *parts) == 1
