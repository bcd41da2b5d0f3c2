"""Machines on slow links: each downloads a file at so many bytes a second, again and again, until the time is up."""

from __future__ import annotations

import socket
import sys
import time

TURN_S = 0.1
BUFFER_BYTES = 1 << 17  # what a client has not read yet must wait at the server, not here


def download_slowly(host: str, port: int, path: str, clients: int, bytes_s: int, duration_s: float) -> float:
    """The bytes that all received together in a second, on average."""
    connections = [_ask(host, port, path) for _ in range(clients)]
    share = int(bytes_s * TURN_S)
    buffer = bytearray(share)
    total, began_s = 0, time.monotonic()
    turn_s = began_s
    while turn_s < began_s + duration_s:
        for number, connection in enumerate(connections):
            try:
                received = connection.recv_into(buffer, share, socket.MSG_TRUNC)
            except BlockingIOError:
                continue
            total += received
            if not received:
                connection.close()
                connections[number] = _ask(host, port, path)
        turn_s += TURN_S
        time.sleep(max(0.0, turn_s - time.monotonic()))
    return total / (time.monotonic() - began_s)


def _ask(host: str, port: int, path: str) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    connection.connect((host, port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    connection.setblocking(False)
    return connection


if __name__ == "__main__":
    host, port, path, clients, bytes_s, duration_s = sys.argv[1:]
    print(download_slowly(host, int(port), path, int(clients), int(bytes_s), float(duration_s)))
