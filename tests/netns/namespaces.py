"""A server and a client in network namespaces of their own, joined by a virtual cable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER_ADDRESS = "10.77.0.1"
CLIENT_ADDRESS = "10.77.0.200"
CLIENT_MAC = "52:54:00:12:34:56"
START_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Lab:
    """Two namespaces: interface `server0` with an address in one, `client0` without in the other."""

    server: str
    client: str

    def in_client(self, *command: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a program on the client's side to its end."""
        argv = ["ip", "netns", "exec", self.client, *command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout_s, check=False)

    def give_client_an_address(self) -> None:
        _ip("-n", self.client, "address", "add", f"{CLIENT_ADDRESS}/24", "dev", "client0")


@contextmanager
def lab() -> Iterator[Lab]:
    """A lab that is gone afterwards, with everything that still runs in it."""
    made = Lab(server=f"pxe-s-{os.getpid()}", client=f"pxe-c-{os.getpid()}")
    try:
        for namespace in (made.server, made.client):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip(
            *("link", "add", "server0", "netns", made.server, "type", "veth"),
            *("peer", "name", "client0", "netns", made.client),
        )
        _ip("-n", made.client, "link", "set", "client0", "address", CLIENT_MAC, "up")
        _ip("-n", made.server, "address", "add", f"{SERVER_ADDRESS}/24", "dev", "server0")
        _ip("-n", made.server, "link", "set", "server0", "up")
        yield made
    finally:
        for namespace in (made.server, made.client):
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Running:
    """A program of ours that prints one JSON object a line."""

    output: Path

    def lines(self) -> list[dict[str, Any]]:
        text = self.output.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 10.0) -> dict[str, Any]:
        """The first line that is wanted; fails when it does not come in time."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            for line in self.lines():
                if wanted(line):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"not said within {timeout_s} s; said: {self.lines()}")


@contextmanager
def running(namespace: str, module: str, output: Path, **settings: object) -> Iterator[Running]:
    """A module of these tests, run in a namespace with its settings as JSON; ready when this yields."""
    argv = ["ip", "netns", "exec", namespace, sys.executable, "-m", module, json.dumps(settings)]
    errors = output.with_suffix(".errors")
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(argv, stdout=stdout, stderr=stderr)
    started = Running(output)
    try:
        started.wait_for(lambda line: "ready" in line, START_TIMEOUT_S)
        yield started
        assert process.poll() is None, f"{module} died: {errors.read_text(encoding='utf-8')}"
    finally:
        process.kill()
        process.wait()
