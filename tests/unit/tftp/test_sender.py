"""How blocks get into datagrams."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.tftp.files import BytesSource, TftpFiles
from pxeserver.tftp.negotiate import Terms
from pxeserver.tftp.sender import Sender
from tests.unit.tftp.wire import FakeSocket, blocks_of

CONTENT = bytes(number % 251 for number in range(200_000))


def terms(*, windowsize: int, blksize_bytes: int = 1468, size_bytes: int = len(CONTENT)) -> Terms:
    return Terms(size_bytes, blksize_bytes, windowsize, granted={"windowsize": str(windowsize)})


@pytest.mark.parametrize("cannot_segment", [False, True], ids=["cut by the kernel", "sent one by one"])
@pytest.mark.parametrize("blksize_bytes", [8, 512, 1468, 65464])
def test_a_window_is_the_same_datagrams_whoever_cuts_it(blksize_bytes: int, cannot_segment: bool) -> None:
    with FakeSocket(cannot_segment=cannot_segment) as own:
        agreed = terms(windowsize=64, blksize_bytes=blksize_bytes)
        sender = Sender(own, BytesSource(CONTENT), agreed)
        last = min(64, agreed.last_block)
        sender.send(range(1, last + 1))

    assert blocks_of(own.sent) == [
        (block, CONTENT[(block - 1) * blksize_bytes : block * blksize_bytes]) for block in range(1, last + 1)
    ]


def test_a_window_takes_few_calls() -> None:
    with FakeSocket() as own:
        Sender(own, BytesSource(CONTENT), terms(windowsize=64)).send(range(1, 65))

    assert (len(own.sent), own.calls) == (64, 2), (
        "44 datagrams of 1472 bytes are as much as one call may send"
    )


def test_a_path_that_cannot_cut_is_asked_only_once() -> None:
    with FakeSocket(cannot_segment=True) as own:
        sender = Sender(own, BytesSource(CONTENT), terms(windowsize=4))
        sender.send(range(1, 5))
        sender.send(range(5, 9))

    assert [block for block, _ in blocks_of(own.sent)] == list(range(1, 9))


def test_block_numbers_have_sixteen_bits() -> None:
    size_bytes = 70_000 * 8
    with FakeSocket() as own:
        agreed = terms(windowsize=4, blksize_bytes=8, size_bytes=size_bytes)
        Sender(own, BytesSource(bytes(size_bytes)), agreed).send(range(65_534, 65_538))

    assert [block for block, _ in blocks_of(own.sent)] == [65_534, 65_535, 0, 1]


def test_block_zero_is_the_oack() -> None:
    with FakeSocket() as own:
        Sender(own, BytesSource(CONTENT), terms(windowsize=4)).send(range(1))

    assert own.sent == [b"\0\6windowsize\x004\0"]


def test_a_file_of_whole_blocks_ends_with_an_empty_one() -> None:
    with FakeSocket() as own:
        Sender(own, BytesSource(b"x" * 1024), Terms(1024)).send(range(3, 4))

    assert blocks_of(own.sent) == [(3, b"")]


def test_a_file_that_became_shorter_is_an_error_and_not_a_short_block(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    source = TftpFiles(root=tmp_path).open("file")
    (tmp_path / "file").write_bytes(CONTENT[:100_000])

    with FakeSocket() as own:
        sender = Sender(own, source, Terms(source.size_bytes))
        with pytest.raises(OSError, match="became shorter"):
            sender.send(range(300, 301))
    source.close()

    assert own.sent == []


def test_a_file_that_grew_is_sent_as_long_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 600)
    source = TftpFiles(root=tmp_path).open("file")
    (tmp_path / "file").write_bytes(b"x" * 6000)

    with FakeSocket() as own:
        Sender(own, source, Terms(source.size_bytes)).send(range(2, 3))
    source.close()

    assert blocks_of(own.sent) == [(2, b"x" * 88)]
