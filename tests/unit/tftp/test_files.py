"""Which files can be fetched, and that nothing leads out of the served folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.names import split_name
from pxeserver.wire import WireError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A served folder beside a secret."""
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "served"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "file").write_bytes(b"0123456789")
    return root


def content(files: TftpFiles, name: str) -> bytes:
    source = files.open(name)
    try:
        return source.read(0, source.size_bytes)
    finally:
        source.close()


@pytest.mark.parametrize("name", ["sub/file", "/sub/file", "\\sub\\file", "//sub///file", "./sub/./file"])
def test_a_file_is_found_however_firmware_writes_its_path(root: Path, name: str) -> None:
    assert content(TftpFiles(root=root), name) == b"0123456789"


def test_a_part_of_a_file_is_read(root: Path) -> None:
    source = TftpFiles(root=root).open("sub/file")

    parts = [source.read(0, 4), source.read(8, 4), source.read(10, 4)]
    source.close()

    assert parts == [b"0123", b"89", b""]


@pytest.mark.parametrize(
    "name", ["../secret", "sub/../../secret", "..\\secret", "/..", "", "/", "a\0b", "a\nb", "x" * 600]
)
def test_a_name_that_can_be_no_file_of_ours_is_refused(root: Path, name: str) -> None:
    with pytest.raises(WireError):
        TftpFiles(root=root).open(name)


@pytest.mark.parametrize("name", ["absent", "sub", "sub/file/below", "x" * 300])
def test_what_is_no_file_is_not_found(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        TftpFiles(root=root).open(name)


def test_links_out_of_the_folder_are_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)

    for name in ("link", "folder/secret"):
        with pytest.raises(FileNotFoundError):
            TftpFiles(root=root).open(name)


def test_a_named_pipe_does_not_block_the_server(root: Path) -> None:
    os.mkfifo(root / "pipe")

    with pytest.raises(FileNotFoundError):
        TftpFiles(root=root).open("pipe")


def test_a_file_that_others_may_not_read_here_is_not_given_to_the_network(root: Path) -> None:
    (root / "private").write_bytes(b"key")
    (root / "private").chmod(0o640)

    with pytest.raises(PermissionError, match="not readable by everybody"):
        TftpFiles(root=root).open("private")


def test_virtual_names_stand_for_bytes_or_for_files_elsewhere_and_come_first(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "loader").write_bytes(b"loader")
    (tmp_path / "linked").symlink_to(tmp_path / "loader")
    files = TftpFiles(virtual={"undionly.kpxe": tmp_path / "linked", "sub/file": b"other"}, root=root)

    assert content(files, "undionly.kpxe") == b"loader"
    assert content(files, "/sub/file") == b"other"


def test_without_a_folder_only_virtual_names_are_served() -> None:
    with pytest.raises(FileNotFoundError):
        TftpFiles(virtual={"a": b"a"}).open("b")


def test_a_name_is_split_at_slashes_of_both_kinds() -> None:
    assert split_name("\\EFI/boot\\grub.cfg") == ("EFI", "boot", "grub.cfg")
