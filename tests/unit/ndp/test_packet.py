"""Router solicitations: which are answered, and with what."""

from __future__ import annotations

import contextlib
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxeserver.ndp.packet import ALL_NODES, NO_ROUTER, check_solicitation
from pxeserver.wire import WireError

LINK_LOCAL = IPv6Address("fe80::5054:ff:fe77:21")
SOLICITATION = bytes.fromhex("8500abcd00000000" + "0101525400770021")


def test_the_advertisement_says_that_there_is_no_router_no_prefix_and_no_dhcp() -> None:
    assert bytes.fromhex("86000000" + "00" + "00" + "0000" + "00000000" + "00000000") == NO_ROUTER


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        pytest.param(LINK_LOCAL, LINK_LOCAL, id="to the machine"),
        pytest.param(IPv6Address("::"), ALL_NODES, id="to all, as it has no address yet"),
    ],
)
def test_a_solicitation_is_answered(source: IPv6Address, destination: IPv6Address) -> None:
    assert check_solicitation(SOLICITATION, source) == destination


@pytest.mark.parametrize(
    ("message", "source"),
    [
        pytest.param(SOLICITATION, IPv6Address("2001:db8::1"), id="from elsewhere"),
        pytest.param(b"\x86" + SOLICITATION[1:], LINK_LOCAL, id="an advertisement"),
        pytest.param(SOLICITATION[:8] + bytes(8), LINK_LOCAL, id="an option without length"),
    ],
)
def test_what_is_no_solicitation_of_this_link_is_refused(message: bytes, source: IPv6Address) -> None:
    with pytest.raises(WireError):
        check_solicitation(message, source)


@pytest.mark.parametrize("length", [length for length in range(len(SOLICITATION)) if length != 8])
def test_a_solicitation_cut_anywhere_but_before_its_option_is_refused(length: int) -> None:
    with pytest.raises(WireError):
        check_solicitation(SOLICITATION[:length], LINK_LOCAL)


@given(st.binary(max_size=100))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes) -> None:
    with contextlib.suppress(WireError):
        check_solicitation(b"\x85\0" + data, LINK_LOCAL)
