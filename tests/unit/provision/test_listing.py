"""Directories beside a config, with all that is below them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provision.formats.source import MAX_CONFIG_BYTES
from provision.listing import list_below
from provision.resolve import CannotInclude, Includes, Listed


def test_what_is_below_is_listed_in_order_with_its_contents(tmp_path: Path) -> None:
    (tmp_path / "tree/b").mkdir(parents=True)
    (tmp_path / "tree/b/run").write_text("#!")
    (tmp_path / "tree/b/run").chmod(0o700)
    (tmp_path / "tree/a").write_bytes(b"\xff")
    (tmp_path / "tree/link").symlink_to("../outside")

    assert Includes(directory=str(tmp_path)).listing("tree", "config.bu") == (
        Listed("file", "a", b"\xff"),
        Listed("directory", "b"),
        Listed("file", "b/run", b"#!", executable=True),
        Listed("link", "link", target="../outside"),
    )


def test_what_cannot_be_embedded_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "special").mkdir()
    os.mkfifo(tmp_path / "special/fifo")
    (tmp_path / "large").mkdir()
    for name in ("a", "b"):
        (tmp_path / "large" / name).write_bytes(bytes(MAX_CONFIG_BYTES // 2 + 1))

    for name, reason in (
        ("missing", "no directory"),
        ("file", "no directory"),
        ("special", "'fifo' is no file"),
        ("large", "more than"),
    ):
        with pytest.raises(CannotInclude, match=reason):
            list_below(str(tmp_path), name)


def test_a_config_from_elsewhere_lists_nothing(tmp_path: Path) -> None:
    with pytest.raises(CannotInclude, match="from elsewhere"):
        Includes(directory=str(tmp_path)).listing(".", "https://configs.example/config.bu")
