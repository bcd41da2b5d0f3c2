"""Nothing in a target root, however hostile, leads to a file outside it."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from provision.execute.target import Target


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root beside a file that must stay as it is."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/passwd").write_text("host")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def write(root: Path, path: str) -> None:
    with Target(root) as target:
        target.commit([target.stage_file(path, b"ours", mode=0o644)])


def test_an_absolute_link_starts_over_at_the_root(root: Path) -> None:
    outside = root.parent / "outside"
    (root / "etc").symlink_to(outside)
    (root / str(outside).lstrip("/")).mkdir(parents=True)

    write(root, "/etc/passwd")

    assert (outside / "passwd").read_text() == "host"
    assert (root / str(outside).lstrip("/") / "passwd").read_text() == "ours"


def test_dots_in_a_link_do_not_climb_above_the_root(root: Path) -> None:
    (root / "etc").symlink_to("../../../../../../../../outside")
    (root / "outside").mkdir()

    write(root, "/etc/passwd")

    assert (root.parent / "outside/passwd").read_text() == "host"
    assert (root / "outside/passwd").read_text() == "ours"


def test_dots_in_a_path_do_not_climb_above_the_root(root: Path) -> None:
    write(root, "/../../outside/passwd")

    assert (root.parent / "outside/passwd").read_text() == "host"
    assert (root / "outside/passwd").read_text() == "ours"


def test_writing_over_a_link_replaces_the_link_and_not_what_it_points_to(root: Path) -> None:
    (root / "passwd").symlink_to(root.parent / "outside/passwd")

    write(root, "/passwd")

    assert (root.parent / "outside/passwd").read_text() == "host"
    assert not (root / "passwd").is_symlink()


def test_reading_follows_links_inside_the_root_only(root: Path) -> None:
    (root / "absolute").symlink_to(root.parent / "outside/passwd")
    (root / "climbing").symlink_to("../outside/passwd")
    (root / "real").write_text("inside")
    (root / "first").symlink_to("second")
    (root / "second").symlink_to("/real")

    with Target(root) as target:
        assert target.read_file("/absolute") is None
        assert target.read_file("/climbing") is None
        assert target.read_file("/first") == b"inside"


def test_a_link_waiting_under_the_temporary_name_is_not_followed(root: Path) -> None:
    (root / ".provision-motd").symlink_to(root.parent / "outside/passwd")

    write(root, "/motd")

    assert (root.parent / "outside/passwd").read_text() == "host"
    assert names(root) == ["motd"]


def test_a_loop_of_links_ends_with_an_error(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")

    with Target(root) as target, pytest.raises(OSError, match="Too many levels"):
        target.read_file("/a/x")


def test_forty_links_are_followed_and_forty_one_are_not(root: Path) -> None:
    (root / "0").write_text("end")
    for number in range(1, 42):
        (root / str(number)).symlink_to(str(number - 1))

    with Target(root) as target:
        assert target.read_file("/40") == b"end"
        with pytest.raises(OSError, match="Too many levels"):
            target.read_file("/41")


def test_a_hard_link_to_a_link_outside_does_not_reach_it(root: Path) -> None:
    (root / "escape").symlink_to(root.parent / "outside/passwd")

    with Target(root) as target:
        target.hardlink("/copy", "/escape")

    assert (root / "copy").is_symlink()
    assert (root.parent / "outside/passwd").stat().st_nlink == 1


def test_removing_through_a_climbing_link_leaves_the_outside_alone(root: Path) -> None:
    (root / "etc").symlink_to("../outside")

    with Target(root) as target:
        target.remove("/etc/passwd")

    assert (root.parent / "outside/passwd").read_text() == "host"


def test_a_link_swapped_in_again_and_again_while_files_are_written_never_leads_outside(root: Path) -> None:
    outside = root.parent / "outside"
    (root / "a").mkdir()
    (root / "outside").mkdir()
    (root / "link").symlink_to("../outside")
    swapper = os.fork()
    if swapper == 0:
        libc = ctypes.CDLL(None)
        here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE: renameat2(2)
        while True:
            libc.renameat2(here, str(root / "a").encode(), here, str(root / "link").encode(), exchange)
    try:
        for number in range(1000):
            with suppress(OSError), Target(root) as target:  # a swap in the middle may well be an error
                target.publish([target.stage_file(f"/a/{number}", b"ours", mode=0o644)])
                target.remove("/a/passwd")
    finally:
        os.kill(swapper, signal.SIGKILL)
        os.waitpid(swapper, 0)

    directory = root / "link" if (root / "a").is_symlink() else root / "a"
    assert names(directory), "the directory was never met"
    assert names(root / "outside"), "the link was never met"
    assert names(outside) == ["passwd"]
    assert (outside / "passwd").read_text() == "host"
