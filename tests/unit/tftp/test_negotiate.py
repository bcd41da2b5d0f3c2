"""Which options a client is granted."""

from __future__ import annotations

import pytest

from pxeserver.tftp.negotiate import Terms, negotiate


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        pytest.param({}, {}, id="nothing asked, nothing granted"),
        pytest.param({"blksize": "1024"}, {"blksize": "1024"}, id="block size that fits"),
        pytest.param({"blksize": "65464"}, {"blksize": "1468"}, id="block size kept below the MTU"),
        pytest.param({"blksize": "8"}, {"blksize": "8"}, id="smallest block size"),
        pytest.param({"blksize": "7"}, {}, id="a larger block than asked for would be refused"),
        pytest.param({"tsize": "0"}, {"tsize": "5000"}, id="size of the file"),
        pytest.param({"timeout": "3"}, {"timeout": "3"}, id="exactly the time asked for"),
        pytest.param({"timeout": "255"}, {}, id="a time longer than we would wait"),
        pytest.param({"timeout": "0"}, {}, id="no time at all"),
        pytest.param({"windowsize": "8"}, {"windowsize": "8"}, id="window"),
        pytest.param({"windowsize": "65535"}, {"windowsize": "64"}, id="window kept below a socket's buffer"),
        pytest.param({"windowsize": "0"}, {}, id="no window"),
        pytest.param({"multicast": "", "utimeout": "100"}, {}, id="options we do not know"),
        pytest.param({"blksize": "abc", "tsize": "-1", "windowsize": "٣"}, {}, id="garbage"),
        pytest.param({"blksize": "9" * 5000}, {}, id="a number too long for Python to read"),
        pytest.param(
            {"tsize": "0", "blksize": "1432"}, {"blksize": "1432", "tsize": "5000"}, id="what iPXE asks for"
        ),
    ],
)
def test_only_sensible_options_that_were_asked_for_are_granted(
    requested: dict[str, str], granted: dict[str, str]
) -> None:
    assert negotiate(requested, size_bytes=5000, mtu_bytes=1500).granted == granted


def test_the_terms_follow_what_was_granted() -> None:
    requested = {"blksize": "9000", "windowsize": "4", "timeout": "2"}

    terms = negotiate(requested, size_bytes=5000, mtu_bytes=1500)

    assert (terms.blksize_bytes, terms.windowsize, terms.timeout_s, terms.last_block) == (1468, 4, 2, 4)


def test_without_options_the_terms_are_those_of_rfc_1350() -> None:
    assert negotiate({}, size_bytes=5000, mtu_bytes=1500) == Terms(5000, 512, 1, None, {})
