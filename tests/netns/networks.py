"""Networks of several namespaces, and the whole server in one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 60.0  # of a machine that does much else; a second on one that is idle


class Networks:
    """Namespaces by short names, joined by virtual cables."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._cables = 0

    def namespace(self, name: str) -> str:
        """Make it when it is not there; its real name."""
        real = f"pxe-{name}-{os.getpid()}"
        if real not in self._made:
            self._made.append(real)
            ip("netns", "add", real)
            ip("-n", real, "link", "set", "lo", "up")
        return real

    def cable(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Each end is a namespace and the name of its interface."""
        self._cables += 1
        ends = []
        for number, (space, interface) in enumerate((one, other)):
            ends.append((self.namespace(space), interface, f"v{number}-{self._cables}-{os.getpid()}"[:15]))
        ip("link", "add", ends[0][2], "type", "veth", "peer", "name", ends[1][2])
        for space, interface, made in ends:
            ip("link", "set", made, "netns", space, "name", interface)
            ip("-n", space, "link", "set", interface, "up")

    def address(self, name: str, interface: str, address: str) -> None:
        ip("-n", self.namespace(name), "address", "add", address, "dev", interface)

    def switch(self, name: str, interfaces: Sequence[str]) -> None:
        """Join a namespace's interfaces to one network."""
        space = self.namespace(name)
        ip("-n", space, "link", "add", "br0", "type", "bridge")
        ip("-n", space, "link", "set", "br0", "up")
        for interface in interfaces:
            ip("-n", space, "link", "set", interface, "master", "br0")

    def run(self, name: str, *command: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        argv = ["ip", "netns", "exec", self.namespace(name), *command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout_s, check=False)

    @contextmanager
    def started(self, name: str, *command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A program that runs until the end of the block."""
        with log.open("wb") as output:
            argv = ["ip", "netns", "exec", self.namespace(name), *command]
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            yield process
            assert process.poll() is None, f"{command[0]} ended: {log.read_text(errors='replace')}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def pxeserver(self, name: str, data: Path, *options: str) -> Iterator[Path]:
        """`pxeserver serve`, ready when this yields; its log."""
        log, state = data.with_suffix(".log"), data.with_suffix(".state")
        command = (sys.executable, "-m", "pxeserver", "serve", "--data", str(data), "--state", str(state))
        images = ("--images", str(data.with_suffix(".images")))
        with self.started(name, *command, *images, *options, log=log) as process:
            wait_for_text(log, "serving ", process)
            yield log

    def ask(self, name: str, interface: str, **question: object) -> list[dict[str, Any]]:
        """What a client made of scapy hears; see `scapy_client`."""
        argv = (sys.executable, "-m", "tests.netns.scapy_client", interface, json.dumps(question))
        done = self.run(name, *argv)
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    def close(self) -> None:
        for name in self._made:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def wait_for_text(log: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + START_TIMEOUT_S
    while text not in (said := log.read_text(errors="replace")):
        assert process.poll() is None, said
        assert time.monotonic() < end_s, f"{text!r} is not said: {said}"
        time.sleep(0.05)


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
