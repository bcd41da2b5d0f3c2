"""DHCP packets of real clients: read as they should be, whole or cut, and written back without loss."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.dhcp.packet import OPTIONS_OFFSET, encode, parse
from pxeserver.wire import WireError
from tests.protocol.readable import PACKET_NAMES, PACKETS, read_packet, readable


@pytest.mark.parametrize("name", PACKET_NAMES)
def test_a_packet_reads_as_its_golden_text(name: str) -> None:
    golden = (PACKETS / f"{name}.txt").read_text(encoding="utf-8")

    assert readable(parse(read_packet(name))) == golden


@pytest.mark.parametrize("name", PACKET_NAMES)
def test_a_packet_written_and_read_again_is_the_same(name: str) -> None:
    packet = parse(read_packet(name))

    assert parse(encode(packet)) == packet


@pytest.mark.parametrize("name", PACKET_NAMES)
def test_a_packet_cut_anywhere_is_understood_or_refused_and_nothing_else(name: str) -> None:
    data = read_packet(name)

    for length in range(len(data)):
        try:
            parse(data[:length])
        except WireError as error:
            assert str(error)
        else:
            assert length > OPTIONS_OFFSET


@given(st.binary(max_size=700))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes) -> None:
    with contextlib.suppress(WireError):
        parse(data)


@given(st.binary(max_size=400), st.sampled_from(PACKET_NAMES))
def test_random_options_raise_nothing_but_wire_errors_and_survive_a_round_trip(
    data: bytes, name: str
) -> None:
    head = read_packet(name)[:OPTIONS_OFFSET]
    try:
        packet = parse(head + b"\x35\x01\x01" + data)
    except WireError:
        return

    assert parse(encode(packet)) == packet


@given(st.sampled_from(PACKET_NAMES), st.integers(0, 299), st.integers(0, 255))
def test_one_damaged_byte_raises_nothing_but_a_wire_error(name: str, position: int, value: int) -> None:
    data = bytearray(read_packet(name))
    data[position % len(data)] = value
    with contextlib.suppress(WireError):
        parse(bytes(data))
