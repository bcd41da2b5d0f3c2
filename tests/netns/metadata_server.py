"""A cloud's metadata service: pages by path, on port 80 of link-local addresses, with the faults that it is told."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGES: dict[str, str] = {}
SETTINGS: dict[str, Any] = {}
LOCK = threading.Lock()
FAULTS: dict[str, list[int]] = {}
TOKENS: list[str] = []
USES = [0]


def tell(**line: object) -> None:
    with LOCK:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        rule = SETTINGS.get("token")
        if rule is None or self.path != rule["path"] or not self.headers.get(rule["lifetime"]):
            self._answer(SETTINGS.get("put_status", 404 if rule is None else 400), b"")
            return
        TOKENS.append(f"t0k3n-{len(TOKENS)}")
        USES[0] = 0
        self._answer(200, TOKENS[-1].encode())

    def do_GET(self) -> None:
        with LOCK:
            faults = FAULTS.get(self.path, [])
            fault = faults.pop(0) if faults else None
        if fault is not None:
            self._answer(fault, b"not now")
        elif not self._is_allowed():
            self._answer(401, b"")
        elif any(self.headers.get(name) != value for name, value in SETTINGS.get("headers", {}).items()):
            self._answer(SETTINGS.get("header_status", 403), b"")
        elif self.path in SETTINGS.get("redirects", {}):
            self._answer(302, b"", location=SETTINGS["redirects"][self.path])
        elif self.path in PAGES:
            time.sleep(SETTINGS.get("slow", {}).get(self.path, 0))
            self._answer(200, PAGES[self.path].encode() * SETTINGS.get("repeated", 1))
        else:
            self._answer(404, b"nothing here")

    def _is_allowed(self) -> bool:
        rule = SETTINGS.get("token")
        if rule is None:
            return True
        USES[0] += 1
        is_old = USES[0] > rule.get("uses", 1000)
        return bool(TOKENS) and self.headers.get(rule["header"]) == TOKENS[-1] and not is_old

    def _answer(self, status: int, body: bytes, location: str | None = None) -> None:
        tell(
            asked=f"{self.command} {self.path}",
            status=status,
            host=self.headers["Host"],
            by=self.address_string(),
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        truncated = SETTINGS.get("truncated", {})
        if truncated.get(self.path):  # so many times only half of it arrives
            truncated[self.path] -= 1
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


class Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def main() -> None:
    SETTINGS.update(json.loads(sys.argv[1]))
    PAGES.update(SETTINGS.pop("pages"))
    FAULTS.update(SETTINGS.pop("faults", {}))
    if late_s := SETTINGS.get("late_s"):  # there is no service yet: connections are refused
        tell(ready=True)
        time.sleep(late_s)
    servers = []
    for address in SETTINGS["addresses"]:
        kind = Server6 if ":" in address else ThreadingHTTPServer
        scope = socket.if_nametoindex("server0") if address.startswith("fe80") else 0
        place = (address, 80, 0, scope) if ":" in address else (address, 80)
        servers.append(kind(place, Handler))
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    tell(ready=True)


if __name__ == "__main__":
    main()
