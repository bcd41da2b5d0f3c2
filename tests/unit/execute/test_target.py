"""The door to files below a root: what it reads, what it leaves behind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.execute.target import Ownership, Target, temporary_path


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    with Target(tmp_path) as opened:
        yield opened


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_a_committed_file_has_its_content_mode_and_owner(target: Target, tmp_path: Path) -> None:
    staged = target.stage_file("/etc/key", b"secret", mode=0o640, owner=Ownership(1234, 4321))

    target.commit([staged])

    entry = (tmp_path / "etc/key").stat()
    assert (tmp_path / "etc/key").read_bytes() == b"secret"
    assert (stat.S_IMODE(entry.st_mode), entry.st_uid, entry.st_gid) == (0o640, 1234, 4321)


def test_a_staged_file_is_not_visible_under_its_name(target: Target, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("old")

    target.stage_file("/motd", b"new", mode=0o644)

    assert (tmp_path / "motd").read_text() == "old"


def test_a_set_user_id_bit_survives_the_change_of_owner(target: Target, tmp_path: Path) -> None:
    target.commit([target.stage_file("/tool", b"", mode=0o4755, owner=Ownership(1234, 1234))])

    assert stat.S_IMODE((tmp_path / "tool").stat().st_mode) == 0o4755


def test_missing_parents_are_made_with_mode_0755(target: Target, tmp_path: Path) -> None:
    target.commit([target.stage_file("/a/b/c", b"", mode=0o600)])

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o755


def test_missing_parents_are_named_shallow_first(target: Target, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    assert target.missing_parents("/a/b/c/d") == ("/a/b", "/a/b/c")


def test_a_link_replaces_a_file_in_one_step(target: Target, tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.1")

    target.symlink("/resolv.conf", "/run/resolv.conf")

    assert (tmp_path / "resolv.conf").readlink() == Path("/run/resolv.conf")
    assert names(tmp_path) == ["resolv.conf"]


def test_a_hard_link_made_twice_leaves_no_temporary_name(target: Target, tmp_path: Path) -> None:
    (tmp_path / "original").write_text("x")

    target.hardlink("/copy", "/original")
    target.hardlink("/copy", "/original")

    assert names(tmp_path) == ["copy", "original"]
    assert (tmp_path / "copy").samefile(tmp_path / "original")


def test_removing_what_is_gone_already_is_no_error(target: Target) -> None:
    target.remove("/nothing/here")

    assert target.stat("/nothing/here") is None


def test_a_directory_that_is_not_empty_is_not_removed(target: Target, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine").touch()

    with pytest.raises(OSError, match="not empty"):
        target.remove_directory("/data")


def test_a_leftover_directory_is_removed_with_all_that_is_in_it(target: Target, tmp_path: Path) -> None:
    leftover = tmp_path / temporary_path("/home").lstrip("/")
    (leftover / ".config").mkdir(parents=True)
    (leftover / ".config/rc").touch()

    target.remove_leftover("/home")

    assert names(tmp_path) == []


def test_a_name_of_255_bytes_can_be_written(target: Target, tmp_path: Path) -> None:
    name = "n" * 255

    target.commit([target.stage_file(f"/{name}", b"x", mode=0o644)])

    assert (tmp_path / name).read_bytes() == b"x"


def test_long_names_that_begin_alike_have_different_temporary_names() -> None:
    assert temporary_path("/" + "n" * 220 + "1") != temporary_path("/" + "n" * 220 + "2")


def test_a_line_is_appended_after_one_that_a_power_cut_has_torn(target: Target, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"whole":1}\n{"tor')

    target.append_line("/log", b'{"next":2}')

    assert (tmp_path / "log").read_bytes() == b'{"whole":1}\n{"tor\n{"next":2}\n'


def test_reading_a_fifo_does_not_wait_for_a_writer(target: Target, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert target.read_file("/pipe") == b""
