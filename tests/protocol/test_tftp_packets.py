"""TFTP packets: read, written, cut and damaged."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.tftp.packet import (
    Ack,
    Data,
    Error,
    OptionAck,
    ReadRequest,
    TftpPacket,
    WriteRequest,
    encode,
    parse,
)
from pxeserver.wire import WireError

PACKETS = [
    (b"\0\1undionly.kpxe\0octet\0", ReadRequest("undionly.kpxe", "octet")),
    (
        b"\0\1undionly.kpxe\0octet\0tsize\x000\0blksize\x001432\0",
        ReadRequest("undionly.kpxe", "octet", {"tsize": "0", "blksize": "1432"}),
    ),
    (b"\0\2core\0octet\0", WriteRequest("core")),
    (b"\0\3\xff\xfepayload", Data(65534, b"payload")),
    (b"\0\3\0\1", Data(1, b"")),
    (b"\0\4\0\7", Ack(7)),
    (b"\0\5\0\1file not found\0", Error(1, "file not found")),
    (b"\0\6blksize\x001432\0", OptionAck({"blksize": "1432"})),
]


@pytest.mark.parametrize(("data", "packet"), PACKETS)
def test_a_packet_is_read(data: bytes, packet: TftpPacket) -> None:
    assert parse(data) == packet


@pytest.mark.parametrize(("data", "packet"), PACKETS)
def test_a_packet_is_written(data: bytes, packet: TftpPacket) -> None:
    assert encode(packet) == data


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        pytest.param(b"\0\1f\0OCTET\0", ReadRequest("f", "octet"), id="mode in upper case"),
        pytest.param(
            b"\0\1f\0octet\0BLKSIZE\x00512\0",
            ReadRequest("f", "octet", {"blksize": "512"}),
            id="option in upper case",
        ),
        pytest.param(
            b"\0\1f\0octet\0blksize\x001432",
            ReadRequest("f", "octet"),
            id="option value cut: 1432 may have been 14320",
        ),
        pytest.param(
            b"\0\1f\0octet\0tsize\x000\0\0\0\0", ReadRequest("f", "octet", {"tsize": "0"}), id="padding"
        ),
        pytest.param(b"\0\1\xe4\0octet\0", ReadRequest(r"\xe4", "octet"), id="a name that is not UTF-8"),
        pytest.param(b"\0\4\0\7\0\0\0", Ack(7), id="padded ACK"),
        pytest.param(b"\0\5\0\0gone", Error(0, "gone"), id="ERROR without its final NUL"),
    ],
)
def test_what_real_clients_write_differently_is_understood(data: bytes, packet: TftpPacket) -> None:
    assert parse(data) == packet


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "packet of 0 bytes", id="empty"),
        pytest.param(b"\0\4\0", "packet of 3 bytes", id="ACK cut in the block number"),
        pytest.param(b"\0\1undionly.kpxe", "without a NUL-terminated file name", id="RRQ cut in the name"),
        pytest.param(
            b"\0\1f\0octet", "without a NUL-terminated file name and mode", id="RRQ cut in the mode"
        ),
        pytest.param(b"\0\7\0\0", "opcode is 7", id="unknown opcode"),
        pytest.param(b"\1\0\0\1", "opcode is 256", id="opcode in the wrong byte order"),
    ],
)
def test_bytes_that_are_no_packet_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        parse(data)


@pytest.mark.parametrize("data", [data for data, _ in PACKETS])
def test_a_packet_cut_anywhere_raises_nothing_but_wire_errors(data: bytes) -> None:
    for length in range(len(data)):
        with contextlib.suppress(WireError):
            parse(data[:length])


@given(st.binary(max_size=600))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes) -> None:
    with contextlib.suppress(WireError):
        parse(data)


@given(st.sampled_from((1, 2, 5, 6)), st.binary(max_size=200))
def test_random_requests_raise_nothing_but_wire_errors(opcode: int, data: bytes) -> None:
    with contextlib.suppress(WireError):
        parse(bytes((0, opcode)) + data)
