"""Probes as bytes, written out; and who is heard."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.dhcp.probe_packets import arp_probe, arp_user, echo_request, is_echo_reply

OWN = bytes.fromhex("525400000001")
ADDRESS = IPv4Address("10.77.0.100")
ANSWER = bytes.fromhex("525400000001525400000002080600010800060400025254000000020a4d0064")
ANSWER += bytes.fromhex("5254000000010a4d0001")
IP_HEADER = bytes.fromhex("4500001c00000000400100000a4e00640a4d0001")


def test_an_arp_probe_names_none_of_our_addresses() -> None:
    assert arp_probe(OWN, ADDRESS) == bytes.fromhex(
        "ffffffffffff52540000000108060001080006040001525400000001000000000000000000000a4d0064"
    )


def test_the_user_of_an_address_is_heard_whether_it_answers_or_probes_itself() -> None:
    assert arp_user(ANSWER) == ADDRESS
    assert arp_user(arp_probe(OWN, ADDRESS)) == ADDRESS


@pytest.mark.parametrize("length", range(len(ANSWER)))
def test_a_frame_cut_anywhere_names_nobody(length: int) -> None:
    assert arp_user(ANSWER[:length]) is None


def test_an_echo_request_has_a_right_checksum_and_its_reply_is_known() -> None:
    assert echo_request(0x1234) == bytes.fromhex("0800e5cb12340000")
    assert is_echo_reply(IP_HEADER + bytes.fromhex("0000edcb12340000"), 0x1234)
    assert not is_echo_reply(IP_HEADER + bytes.fromhex("0000edcb12340000"), 0x1235)
    assert not is_echo_reply(IP_HEADER + echo_request(0x1234), 0x1234)


@given(st.binary(max_size=80))
def test_random_bytes_are_nobodys_answer_and_no_error(data: bytes) -> None:
    arp_user(data)
    is_echo_reply(data, 0)
