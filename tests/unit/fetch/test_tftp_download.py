"""One TFTP download, datagram by datagram."""

from __future__ import annotations

import pytest

from provision.fetch.tftp_download import Download, TransferRefused

REQUEST = b"\0\1boot/file\0octet\0blksize\x001428\0tsize\x000\0"


def start(size_limit_bytes: int = 100_000) -> Download:
    return Download(b"boot/file", size_limit_bytes=size_limit_bytes)


def data(block: int, payload: bytes) -> bytes:
    return b"\0\3" + block.to_bytes(2, "big") + payload


def ack(block: int) -> bytes:
    return b"\0\4" + block.to_bytes(2, "big")


def oack(*strings: str) -> bytes:
    return b"\0\6" + b"".join(text.encode() + b"\0" for text in strings)


def test_a_server_that_knows_options_is_asked_for_larger_blocks() -> None:
    download = start()

    assert download.request() == REQUEST
    assert download.receive(oack("blksize", "1000", "tsize", "1003")) == ack(0)
    assert download.receive(data(1, b"a" * 1000)) == ack(1)
    assert not download.is_done
    assert download.receive(data(2, b"end")) == ack(2)
    assert download.is_done
    assert download.content == b"a" * 1000 + b"end"


def test_a_server_that_knows_none_sends_blocks_of_512() -> None:
    download = start()

    assert download.receive(data(1, b"a" * 512)) == ack(1)
    assert download.receive(data(2, b"")) == ack(2)
    assert (download.is_done, download.content) == (True, b"a" * 512)


def test_options_are_left_out_on_request() -> None:
    assert Download(b"f", size_limit_bytes=1, with_options=False).request() == b"\0\1f\0octet\0"


def test_an_empty_file_is_one_empty_block() -> None:
    download = start()

    assert download.receive(oack("tsize", "0")) == ack(0)
    assert download.receive(data(1, b"")) == ack(1)
    assert (download.is_done, download.content) == (True, b"")


def test_what_comes_twice_is_acknowledged_twice_and_counts_once() -> None:
    download = start()

    assert download.receive(oack("blksize", "8")) == ack(0)
    assert download.receive(oack("blksize", "8")) == ack(0)
    assert download.receive(data(1, b"12345678")) == ack(1)
    assert download.receive(data(1, b"12345678")) == ack(1)
    assert download.receive(oack("blksize", "8")) is None, "a late one is of no use"
    assert download.receive(data(3, b"3")) is None, "a block too early is not acknowledged"
    assert download.receive(data(2, b"9")) == ack(2)
    assert download.content == b"123456789"


def test_block_numbers_begin_again_after_65535() -> None:
    download = start(size_limit_bytes=10_000_000)
    download.receive(oack("blksize", "8"))

    for block in range(1, 65_536 + 3):
        number = block % 65_536
        assert download.receive(data(number, b"12345678")) == ack(number)
    assert download.receive(data(3, b"")) == ack(3)

    assert len(download.content) == 8 * (65_536 + 2)


def test_a_file_that_is_announced_too_large_is_refused_at_once() -> None:
    with pytest.raises(TransferRefused, match="larger than 10 bytes") as caught:
        start(10).receive(oack("tsize", "11"))

    assert caught.value.reply == b"\0\5\0\3file too large\0"


def test_a_file_that_grows_too_large_is_refused_when_it_is() -> None:
    download = start(600)
    download.receive(data(1, b"a" * 512))

    with pytest.raises(TransferRefused, match="larger than 600 bytes"):
        download.receive(data(2, b"a" * 512))


def test_a_file_of_exactly_the_limit_comes_whole() -> None:
    download = start(600)
    download.receive(data(1, b"a" * 512))
    download.receive(data(2, b"a" * 88))

    assert len(download.content) == 600


def test_a_file_of_another_size_than_announced_is_refused() -> None:
    download = start()
    download.receive(oack("tsize", "5"))

    with pytest.raises(TransferRefused, match="4 bytes came where 5 were announced"):
        download.receive(data(1, b"four"))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("blksize", "1429"), id="larger blocks than asked for"),
        pytest.param(("blksize", "7"), id="blocks too small"),
        pytest.param(("blksize", "many"), id="no number"),
        pytest.param(("blksize", "²"), id="a digit of another kind"),
        pytest.param(("tsize", "-1"), id="negative size"),
        pytest.param(("windowsize", "4"), id="never asked for"),
    ],
)
def test_terms_that_were_not_asked_for_end_the_transfer(options: tuple[str, str]) -> None:
    with pytest.raises(TransferRefused, match=f"wants option '{options[0]}'") as caught:
        start().receive(oack(*options))

    assert caught.value.reply == b"\0\5\0\x08option refused\0"


def test_a_block_longer_than_agreed_ends_the_transfer() -> None:
    with pytest.raises(TransferRefused, match="a block of 513 bytes where 512 were agreed on"):
        start().receive(data(1, b"a" * 513))


def test_the_servers_own_words_are_kept_but_steer_no_terminal() -> None:
    with pytest.raises(TransferRefused) as caught:
        start().receive(b"\0\5\0\1no \x1b[31m such file\0junk")

    assert (caught.value.code, str(caught.value)) == (1, "no  [31m such file")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\0",
        b"\0\3\0",
        b"\0\1f\0octet\0",
        b"\0\4\0\1",
        b"\0\x09\0\1",
        b"\xff\xff\xff\xff",
        data(0, b"x"),
    ],
)
def test_what_means_nothing_is_passed_over(datagram: bytes) -> None:
    download = start()

    assert download.receive(datagram) is None
    assert download.receive(data(1, b"end")) == ack(1)
    assert download.content == b"end"
