"""One transfer from its first packet to its result, on a socket without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pxeserver.tftp.files import BytesSource
from pxeserver.tftp.negotiate import negotiate
from pxeserver.tftp.packet import ReadRequest
from pxeserver.tftp.session import OpenedFile, Outcome, Session
from tests.unit.tftp.wire import CLIENT, FakeSocket, port

CONTENT = b"0123456789" * 100


@pytest.fixture
def own() -> Iterator[FakeSocket]:
    with FakeSocket() as made:
        yield made


def session(own: FakeSocket, options: dict[str, str]) -> Session:
    terms = negotiate(options, size_bytes=len(CONTENT), mtu_bytes=1500)
    request = ReadRequest("file", "octet", options)
    started = Session(port(own), CLIENT, OpenedFile(request, BytesSource(CONTENT), terms), 10.0)
    started.start(10.0)
    return started


def hear(session: Session, own: FakeSocket, *packets: bytes) -> None:
    for packet in packets:
        own.received.append(packet)
        session.receive(11.0)


def ended(session: Session) -> tuple[Outcome, int]:
    assert session.result is not None
    return session.result.outcome, session.result.acknowledged_bytes


def test_a_file_goes_out_and_its_last_ack_ends_the_transfer(own: FakeSocket) -> None:
    transfer = session(own, {"blksize": "512", "tsize": "0"})
    hear(transfer, own, b"\0\4\0\0", b"\0\4\0\1", b"\0\4\0\2")

    assert own.sent == [
        b"\0\6blksize\x00512\0tsize\x001000\0",
        b"\0\3\0\1" + CONTENT[:512],
        b"\0\3\0\2" + CONTENT[512:],
    ]
    assert ended(transfer) == (Outcome.DONE, 1000)


def test_firmware_that_only_wants_the_size_is_no_failure(own: FakeSocket) -> None:
    transfer = session(own, {"tsize": "0", "blksize": "1468"})
    hear(transfer, own, b"\0\5\0\x08User aborted the transfer\0")

    assert ended(transfer) == (Outcome.PROBED, 0)


@pytest.mark.parametrize(
    ("options", "packets"),
    [
        pytest.param({"tsize": "0"}, [b"\0\4\0\0", b"\0\5\0\x08no\0"], id="error 8 after data"),
        pytest.param({"blksize": "512"}, [b"\0\5\0\x08no\0"], id="error 8, but the size was not asked for"),
        pytest.param({"tsize": "0"}, [b"\0\5\0\3disk full\0"], id="another error"),
    ],
)
def test_other_errors_of_the_client_are_its_end_of_the_transfer(
    own: FakeSocket, options: dict[str, str], packets: list[bytes]
) -> None:
    transfer = session(own, options)
    hear(transfer, own, *packets)

    assert ended(transfer)[0] is Outcome.ABORTED


def test_noise_on_the_port_changes_nothing(own: FakeSocket) -> None:
    transfer = session(own, {})
    hear(transfer, own, b"", b"\0\4\0", b"\xff" * 600, b"\0\3\0\1data", b"\0\6blksize\x008\0")

    assert (transfer.result, own.sent) == (None, [b"\0\3\0\1" + CONTENT[:512]])


def test_a_silent_client_is_reminded_and_then_given_up(own: FakeSocket) -> None:
    transfer = session(own, {})
    reminders = 0
    while transfer.result is None:
        transfer.time_out(transfer.deadline_s)
        reminders += 1

    assert own.sent == [b"\0\3\0\1" + CONTENT[:512]] * reminders
    assert (reminders, transfer.result.outcome) == (6, Outcome.LOST)
