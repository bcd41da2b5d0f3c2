"""What archives hold, and which of them are refused."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from provision.archive import Member, read_archive, read_manifest, tree_of, write_manifest
from tests.unit.provision.archives import Row, archive

SITE = (("directory", "site", ""), ("file", "site/index.html", "hello"), ("link", "site/start", "index.html"))


def names(data: bytes, strip: int = 0) -> list[str]:
    return [f"{member.kind} {member.name}" for member in tree_of(read_archive(data), strip)]


@pytest.mark.parametrize("packing", ["", "gz", "xz", "bz2"])
def test_an_archive_is_read_however_it_is_packed(packing: str) -> None:
    assert names(archive(*SITE, packing=packing)) == [
        "directory site",
        "file site/index.html",
        "link site/start",
    ]


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7"])
@pytest.mark.parametrize("packing", ["--gzip", "--xz", "--bzip2", "--no-auto-compress"])
def test_what_tar_packs_is_what_comes_out(tmp_path: Path, form: str, packing: str) -> None:
    tree = tmp_path / "tree"
    (tree / "deep/er").mkdir(parents=True)
    (tree / "deep/er/a file").write_text("content\n")
    (tree / "deep/tool").write_text("#!/bin/sh\n")
    (tree / "deep/tool").chmod(0o750)
    (tree / "again").hardlink_to(tree / "deep/tool")
    (tree / "up").symlink_to("deep/er")
    packed = tmp_path / "tree.tar"
    subprocess.run(
        ["tar", "--create", f"--format={form}", packing, "--file", packed, "--directory", tree, "."],
        check=True,
    )

    tree_members = {member.name: member for member in tree_of(read_archive(packed.read_bytes()), 0)}

    assert sorted(tree_members) == ["again", "deep", "deep/er", "deep/er/a file", "deep/tool", "up"]
    assert tree_members["deep/er/a file"].content == b"content\n"
    assert tree_members["up"].target == "deep/er"
    pair = tree_members["again"], tree_members["deep/tool"]  # tar names the first it sees the file
    (file,) = (member for member in pair if member.kind == "file")
    (link,) = (member for member in pair if member.kind == "hard link")
    assert (file.content, file.mode, link.target) == (b"#!/bin/sh\n", 0o750, file.name)


def test_zstd_is_refused_with_what_to_use() -> None:
    with pytest.raises(ValueError, match="zstd is not supported; pack it with gzip or xz"):
        read_archive(b"\x28\xb5\x2f\xfd\x00\x00")


def test_leading_parts_are_stripped_from_links_too() -> None:
    data = archive(*SITE, ("hard link", "site/same", "site/index.html"), ("file", "README", ""))

    assert tree_of(read_archive(data), 1) == (
        Member("file", "index.html", 0o644, content=b"hello"),
        Member("hard link", "same", target="index.html"),
        Member("link", "start", target="index.html"),
    )


def test_directories_that_are_not_listed_are_there_all_the_same() -> None:
    assert names(archive(("file", "./a/b/c", ""))) == ["directory a", "directory a/b", "file a/b/c"]


def test_of_a_name_that_is_there_twice_the_last_counts() -> None:
    data = archive(("file", "a", "old"), ("file", "./a", "new"))

    assert tree_of(read_archive(data), 0) == (Member("file", "a", 0o644, content=b"new"),)


def test_bits_that_set_the_owners_id_are_left_out() -> None:
    assert read_archive(archive(("file", "su", ""), mode=0o6755))[0].mode == 0o755


def test_hard_links_to_hard_links_name_the_file() -> None:
    data = archive(("file", "a", ""), ("hard link", "b", "a"), ("hard link", "c", "b"))

    assert [member.target for member in tree_of(read_archive(data), 0)] == ["", "a", "a"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([("file", "/etc/passwd", "")], "absolute", id="absolute name"),
        pytest.param([("file", "a/../../b", "")], r"goes up with '\.\.'", id="name that goes up"),
        pytest.param([("file", "a\nb", "")], "cannot be printed", id="line break in a name"),
        pytest.param([("file", "a" * 256, "")], "longer than 255 bytes", id="name no file system takes"),
        pytest.param([("device", "null", "")], "neither a plain file nor", id="device"),
        pytest.param([("fifo", "pipe", "")], "neither a plain file nor", id="FIFO"),
        pytest.param([("link", "a", "/etc/passwd")], "leads out of the tree", id="absolute link"),
        pytest.param([("link", "a", "../b")], "leads out of the tree", id="link that goes up"),
        pytest.param([("link", "d/a", "../../b")], "leads out of the tree", id="link from a directory"),
        pytest.param([("link", "a", "")], "leads out of the tree", id="link to nothing"),
        pytest.param(
            [("link", "d/e/b", "../.."), ("link", "c", "d/e/b/..")],
            "leads out of the tree",
            id="two links that lead out together",
        ),
        pytest.param(
            [("link", "a", "b"), ("file", "a/x", "")], "below 'a', which is a link", id="through a link"
        ),
        pytest.param(
            [("file", "a", ""), ("file", "a/b", "")], "below 'a', which is a file", id="below a file"
        ),
        pytest.param([("hard link", "a", "/etc/passwd")], "absolute", id="hard link to another's file"),
        pytest.param([("hard link", "a", "b")], "names no file of the tree", id="hard link to nothing"),
        pytest.param(
            [("hard link", "a", "b"), ("hard link", "b", "a")], "names no file", id="hard links in a circle"
        ),
        pytest.param([("directory", "d", ""), ("hard link", "a", "d")], "names no file", id="of a directory"),
        pytest.param([("directory", ".", "")], "nothing in it", id="nothing but its root"),
    ],
)
def test_an_archive_that_is_unsafe_is_refused_as_a_whole(rows: list[Row], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        names(archive(("file", "fine", ""), *rows) if message != "nothing in it" else archive(*rows))


def test_nothing_left_after_stripping_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is left of it with strip 3"):
        names(archive(*SITE), strip=3)


def test_a_packed_bomb_is_refused_at_the_limit() -> None:
    for packing in ("gz", "xz", "bz2"):
        with pytest.raises(ValueError, match="unpacks to more than 100000 bytes"):
            bomb = archive(("file", "zeros", "0" * 5_000_000), packing=packing)
            read_archive(bomb, size_limit_bytes=100_000)


def test_more_members_than_the_limit_are_refused() -> None:
    rows = [("file", str(number), "") for number in range(4)]

    assert len(read_archive(archive(*rows[:3]), member_limit=3)) == 3
    with pytest.raises(ValueError, match="more than 3 members"):
        read_archive(archive(*rows), member_limit=3)


@pytest.mark.parametrize("packing", ["", "gz", "xz", "bz2"])
def test_an_archive_cut_short_anywhere_is_an_error_and_no_smaller_archive(packing: str) -> None:
    whole = archive(*SITE, packing=packing)
    # An uncompressed archive ends with empty blocks, of which one is enough.
    ends_at = len(whole) if packing else 4 * 512 + 1

    for length in range(0, ends_at, 1 if packing else 64):
        with pytest.raises(ValueError, match=r"."):
            names(whole[:length])


def test_damaged_archives_raise_nothing_but_value_errors() -> None:
    chance = random.Random(5)  # noqa: S311 - the same damage every time
    whole = archive(*SITE, ("hard link", "site/same", "site/index.html"))
    for _ in range(2000):
        damaged = bytearray(whole[: 6 * 512])
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            names(bytes(damaged))
        except ValueError:
            continue


def test_a_manifest_says_what_the_archive_says_but_the_contents() -> None:
    members = read_archive(archive(*SITE, ("hard link", "site/same", "site/index.html")))

    known = read_manifest(write_manifest(members))

    assert known is not None
    assert [(m.kind, m.name, m.mode, m.target) for m in known] == [
        (m.kind, m.name, m.mode, m.target) for m in members
    ]
    assert known[1].sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert write_manifest(known) == write_manifest(members)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"version":1,"memb',
        b"[]",
        b'{"version":2,"members":[]}',
        b'{"version":1,"members":[["file","../a",420,"","ab"]]}',
        b'{"version":1,"members":[["file","a",420,"",null]]}',
        b'{"version":1,"members":[["device","a",420,"",null]]}',
        b'{"version":1,"members":[["file"]]}',
        b'{"version":1,"members":[7]}',
    ],
)
def test_what_is_no_manifest_is_as_if_there_was_none(text: bytes) -> None:
    assert read_manifest(text) is None
