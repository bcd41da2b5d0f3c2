"""What clients ask for on the wire, byte for byte as they sent it, and the first packet they get."""

from __future__ import annotations

import pytest

from pxeserver.tftp.files import BytesSource
from pxeserver.tftp.negotiate import negotiate
from pxeserver.tftp.packet import ReadRequest, parse
from pxeserver.tftp.session import OpenedFile, Session
from tests.unit.tftp.wire import CLIENT, FakeSocket, port

FILE = b"0123456789" * 100
RRQ = b"\0\1undionly.kpxe\0octet\0"


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        pytest.param(
            RRQ, b"\0\3\0\1" + FILE[:512], id="tftp-hpa asks for nothing: no OACK, but the first block"
        ),
        pytest.param(
            RRQ + b"blksize\x001428\0tsize\x000\0", b"\0\6blksize\x001428\0tsize\x001000\0", id="BusyBox"
        ),
        pytest.param(
            RRQ + b"tsize\x000\0blksize\x001468\0timeout\x006\0",
            b"\0\6blksize\x001468\0tsize\x001000\0timeout\x006\0",
            id="curl",
        ),
        pytest.param(
            RRQ + b"tsize\x000\0timeout\x002\0blksize\x001428\0windowsize\x008\0",
            b"\0\6blksize\x001428\0tsize\x001000\0timeout\x002\0windowsize\x008\0",
            id="atftp",
        ),
        pytest.param(RRQ + b"blksize\x001024\0", b"\0\6blksize\x001024\0", id="tftpy"),
    ],
)
def test_a_request_is_answered_with_what_it_asks_for_and_no_more(request_bytes: bytes, answer: bytes) -> None:
    request = parse(request_bytes)
    assert isinstance(request, ReadRequest)
    terms = negotiate(request.options, size_bytes=len(FILE), mtu_bytes=1500)

    with FakeSocket() as own:
        Session(port(own), CLIENT, OpenedFile(request, BytesSource(FILE), terms), 0.0).start(0.0)

    assert own.sent == [answer]
