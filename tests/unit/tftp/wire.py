"""A socket without a network: says what was sent, and hands out what a test puts in."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Sequence
from typing import Any

from pxeserver.tftp.port import TransferPort
from pxeserver.tftp.sender import UDP_SEGMENT

CLIENT = ("10.77.0.11", 2001)


class FakeSocket(socket.socket):
    """Cuts what is sent at once as the kernel does, unless its path `cannot_segment`."""

    def __init__(self, *, cannot_segment: bool = False) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sent: list[bytes] = []
        self.calls = 0
        self.received: list[bytes] = []
        self._cannot_segment = cannot_segment
        self._segment_bytes = 0

    def setsockopt(self, level: int, option: int, value: Any, *_: Any) -> None:
        assert (level, option) == (socket.IPPROTO_UDP, UDP_SEGMENT)
        self._segment_bytes = value

    def send(self, data: Any, *_: Any) -> int:
        return self.sendmsg([data])

    def sendmsg(self, buffers: Iterable[Any], *_: Any) -> int:
        data = b"".join(buffers)
        size = self._segment_bytes or len(data)
        if len(data) > size and self._cannot_segment:
            raise OSError(errno.EIO, "cannot segment")
        assert len(data) <= 65_507, "no datagram is larger, cut or not"
        self.calls += 1
        self.sent += [data[begin : begin + size] for begin in range(0, len(data), size)]
        return len(data)

    def recv(self, *_: Any) -> bytes:
        return self.received.pop(0)


def port(own: FakeSocket) -> TransferPort:
    """Its strangers are on another socket, and nobody of them says anything."""
    return TransferPort(own, FakeSocket())


def blocks_of(packets: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Number and payload of each DATA packet."""
    assert all(packet[:2] == b"\0\3" for packet in packets)
    return [(int.from_bytes(packet[2:4], "big"), packet[4:]) for packet in packets]
