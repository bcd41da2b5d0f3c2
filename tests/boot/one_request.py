"""One HTTP request on standard input, a file of a folder on standard output: QEMU starts this for each connection."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    path = Path(sys.argv[1]) / sys.stdin.buffer.readline().split()[1].decode().lstrip("/")
    body, status = (path.read_bytes(), "200 OK") if path.is_file() else (b"", "404 Not Found")
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    sys.stdout.buffer.write(head.encode() + body)


if __name__ == "__main__":
    main()
