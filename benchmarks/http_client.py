"""Downloads a file over HTTP, alone or many times at once, and prints the seconds that took."""

from __future__ import annotations

import socket
import sys

from benchmarks.at_once import at_once

RECEIVE_BYTES = 1 << 20


def download(host: str, path: str) -> int:
    """The number of bytes received. What arrives is not even copied: a client must not be what is measured."""
    with socket.create_connection((host, 80)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head, body = _head(connection)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{host}: {head.splitlines()[0].decode()}")
        buffer = bytearray(RECEIVE_BYTES)
        total = len(body)
        while received := connection.recv_into(buffer, RECEIVE_BYTES, socket.MSG_TRUNC):
            total += received
        return total


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The answer's head, and what came of the body with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(4096)
        if not received:
            raise SystemExit("the server closed the connection")
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


if __name__ == "__main__":
    host, path, size, count = sys.argv[1:]
    print(at_once(lambda: download(host, path) == int(size), int(count)))
