"""A disk that is full or read-only: the error says what, where and what to do; what was there stays as it was."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.errors import ExitCode
from tests.crash.machines import HERE, apply, different, output_of
from tests.golden.apply.tree import build_tree, describe_tree

DISK_KIB = 2048
PAGE_KIB = 4
# How much is left for the run: from nothing at all to too little for the accounts.
ROOM_KIB = (0, 4, 12, 28)


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The root directory on a small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if request.param == "tmpfs":
        mount = ["-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs"]
    else:
        image = tmp_path / "image"
        image.touch()
        with image.open("r+b") as file:
            file.truncate(DISK_KIB * 1024)
        # -m 0: root may use all of it, and gets no reserve either; no journal: small as it is
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", str(image)], check=True)
        mount = ["-o", "loop", str(image)]
    subprocess.run(["mount", *mount, str(place)], check=True)
    (place / "root").mkdir()
    build_tree(place / "root", (HERE / "before.txt").read_text())
    yield place / "root"
    subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, room_kib: int) -> Path:
    """A file that leaves just so much room."""
    filler = disk.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE_KIB * 1024))
        except OSError:
            file.truncate(max(0, file.tell() - room_kib * 1024))
    return filler


@pytest.mark.parametrize("room_kib", ROOM_KIB)
def test_a_full_disk_is_told_and_leaves_what_was_there(disk: Path, room_kib: int, tmp_path: Path) -> None:
    filler = fill(disk, room_kib)

    run = apply(disk, "config.yaml")

    told = output_of(disk).read_text()
    assert run.exit_code == ExitCode.APPLY_FAILED, told
    assert "Traceback" not in told
    assert "free some space or inodes on its file system, then apply again" in told
    assert_no_content_is_halved(disk)

    filler.unlink()
    whole = tmp_path / "whole"
    whole.mkdir()
    build_tree(whole, (HERE / "before.txt").read_text())
    assert apply(whole, "config.yaml").exit_code == 0
    assert apply(disk, "config.yaml").exit_code == 0, output_of(disk).read_text()
    assert different(describe_tree(whole), describe_tree(disk)) == ""


def test_a_file_too_large_for_the_disk_is_told_and_the_old_one_stays(disk: Path, tmp_path: Path) -> None:
    config = tmp_path / "large.yaml"
    files = "".join(f'- {{path: /etc/{name}, content: "{name * 60_000}"}}\n' for name in ("conf", "motd"))
    config.write_text(f"files:\n{files}")
    filler = fill(disk, 360)

    run = apply(disk, str(config))

    told = output_of(disk).read_text()
    assert run.exit_code == ExitCode.APPLY_FAILED, told
    assert "files[1]: cannot write file /etc/motd: No space left on device (free some space" in told
    assert (disk / "etc/motd").read_text() == "old text\n"
    assert not (disk / "etc/conf").exists(), "all files of a batch, or none"
    assert [place.name for place in disk.rglob(".provision-*")] == []
    filler.unlink()
    assert apply(disk, str(config)).exit_code == 0
    assert (disk / "etc/motd").read_text() == "motd" * 60_000


def assert_no_content_is_halved(disk: Path) -> None:
    assert (disk / "etc/motd").read_text() in ("old text\n", "new text\n")
    assert (disk / "etc/shells").read_text() in ("/bin/sh\n", "/bin/sh\n/bin/fish\n")
    for name in ("passwd", "group", "shadow", "gshadow"):
        content = (disk / "etc" / name).read_text()
        assert content.startswith("root:"), name
        assert content.endswith("\n"), name


def test_a_read_only_disk_is_told_and_untouched(disk: Path) -> None:
    before = describe_tree(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk.parent)], check=True)

    run = apply(disk, "config.yaml")

    told = output_of(disk).read_text()
    subprocess.run(["mount", "-o", "remount,rw", str(disk.parent)], check=True)
    assert run.exit_code == ExitCode.APPLY_FAILED, told
    assert "Read-only file system" in told
    assert "mount it writable" in told
    assert describe_tree(disk) == before
    assert not (disk / "var").exists()
