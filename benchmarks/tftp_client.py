"""Fetches a file over TFTP, alone or many at once, and prints the seconds that took; the same for every server."""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

from benchmarks.at_once import at_once

BLOCK_NUMBERS = 1 << 16
TIMEOUT_S = 1.0
PATIENCE = 20  # silences in a row: the server is dead
# Both are made before the clock runs: what is measured shall be the server.
ACKS = [struct.pack("!HH", 4, number) for number in range(BLOCK_NUMBERS)]
HEADS = [struct.pack("!HH", 3, number) for number in range(BLOCK_NUMBERS)]
OACK = b"\0\6"
ERROR = b"\0\5"


@dataclass(frozen=True, slots=True)
class Order:
    """What to fetch, and with which options."""

    host: str
    file: str
    blksize_bytes: int
    windowsize: int

    @property
    def request(self) -> bytes:
        options = {"blksize": self.blksize_bytes}
        if self.windowsize > 1:
            options["windowsize"] = self.windowsize
        texts = [self.file, "octet", *(str(part) for item in options.items() for part in item)]
        return b"\0\1" + b"".join(text.encode() + b"\0" for text in texts)


def fetch(order: Order) -> int:
    """The number of bytes received."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        # A window must fit; what is lost on loopback is lost here.
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        answer, server = _ask(own, order)
        own.connect(server)
        if answer[:2] == ERROR:
            raise SystemExit(f"{order.host}: {answer[4:-1].decode()}")
        if answer[:2] != OACK:
            raise SystemExit(f"{order.host} grants no option")
        granted = dict(zip(*[iter(answer[2:-1].lower().split(b"\0"))] * 2, strict=True))
        return _receive(own, int(granted[b"blksize"]), int(granted.get(b"windowsize", b"1")))


def _ask(own: socket.socket, order: Order) -> tuple[bytes, tuple[str, int]]:
    own.settimeout(TIMEOUT_S)
    for _ in range(PATIENCE):
        own.sendto(order.request, (order.host, 69))
        try:
            return own.recvfrom(65536)
        except TimeoutError:
            continue
    raise SystemExit(f"{order.host} does not answer")


def _receive(own: socket.socket, blksize_bytes: int, windowsize: int) -> int:
    # Blocking reads with the kernel's timeout cost one system call; Python's own cost two.
    own.settimeout(None)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(TIMEOUT_S), 0))
    buffer = bytearray(65536)
    head = memoryview(buffer)[:4]
    receive, send = own.recv_into, own.send
    full = blksize_bytes + 4
    total, block, unacknowledged, silences, is_gap = 0, 1, 0, 0, False
    send(ACKS[0])
    while True:
        try:
            length = receive(buffer)
        except BlockingIOError:
            silences += 1
            if silences == PATIENCE:
                raise SystemExit("the server fell silent") from None
            length = 0
        if length and head == HEADS[block]:
            total += length - 4
            unacknowledged += 1
            silences, is_gap = 0, False
            if length < full:
                send(ACKS[block])
                return total
            if unacknowledged == windowsize:
                send(ACKS[block])
                unacknowledged = 0
            block = (block + 1) % BLOCK_NUMBERS
        elif not length or (windowsize > 1 and not is_gap):
            send(ACKS[block - 1])  # the last good one, once for each gap
            unacknowledged, is_gap = 0, True


if __name__ == "__main__":
    host, file, size, blksize, windowsize, count = sys.argv[1:]
    order = Order(host, file, int(blksize), int(windowsize))
    print(at_once(lambda: fetch(order) == int(size), int(count)))
