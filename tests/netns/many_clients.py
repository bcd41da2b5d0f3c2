"""A thousand TFTP clients in one process: all have a transfer under way before the first goes on with its own."""

from __future__ import annotations

import hashlib
import json
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

REMINDER_S = 1.0


@dataclass
class Client:
    own: socket.socket
    request: bytes
    blksize_bytes: int
    windowsize: int
    server: tuple[str, int] | None = None
    content: bytearray = field(default_factory=bytearray)
    block: int = 0
    """The last one received in order."""
    is_done: bool = False

    def take(self, data: bytes, sender: tuple[str, int]) -> None:
        if data[:2] == b"\0\6":
            self.server = sender
        elif data[:2] == b"\0\3" and data[2:4] == ((self.block + 1) % 65536).to_bytes(2, "big"):
            self.block += 1
            self.content += data[4:]
            self.is_done = len(data) < self.blksize_bytes + 4
            if self.is_done or self.block % self.windowsize == 0:
                self.acknowledge()

    def acknowledge(self) -> None:
        assert self.server is not None
        self.own.sendto(b"\0\4" + (self.block % 65536).to_bytes(2, "big"), self.server)


def fetch_all(host: str, file: str, count: int, timeout_s: float) -> list[Client]:
    clients = [_client(file, number) for number in range(count)]
    by_descriptor = {client.own.fileno(): client for client in clients}
    poll = select.epoll()
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    end_s = time.monotonic() + timeout_s

    def run(left: Callable[[], list[Client]], remind: Callable[[Client], object]) -> None:
        reminder_s = 0.0
        while (waiting := left()) and time.monotonic() < end_s:
            if time.monotonic() >= reminder_s:
                reminder_s = time.monotonic() + REMINDER_S
                for client in waiting:
                    remind(client)
            for descriptor, _ in poll.poll(0.1):
                client = by_descriptor[descriptor]
                client.take(*client.own.recvfrom(2048))

    run(
        lambda: [one for one in clients if one.server is None],
        lambda one: one.own.sendto(one.request, (host, 69)),
    )
    run(lambda: [one for one in clients if not one.is_done], Client.acknowledge)
    return clients


def _client(file: str, number: int) -> Client:
    """Block and window sizes of all kinds."""
    blksize_bytes, windowsize = (512, 1024, 1468)[number % 3], (1, 4, 16)[number // 3 % 3]
    options = f"blksize\0{blksize_bytes}\0windowsize\0{windowsize}\0"
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return Client(own, f"\0\1{file}\0octet\0{options}".encode(), blksize_bytes, windowsize)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    fetched = fetch_all(**settings)
    digests = {hashlib.sha256(client.content).hexdigest() for client in fetched if client.is_done}
    ports = {client.server for client in fetched}
    print(  # noqa: T201 - what the test reads
        json.dumps(
            {"done": sum(one.is_done for one in fetched), "digests": sorted(digests), "ports": len(ports)}
        )
    )
