"""One network namespace: a bridge for the server and a tap for each machine. Nothing leaves it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

BRIDGE = "lab0"
CLONE_NEWNET = 0x40000000  # setns(2)

T = TypeVar("T")


class LabError(Exception):
    """The lab could not be set up; the text says what failed and what to do."""


class Namespace:
    """A context manager: made on entry, gone on exit with everything in it."""

    def __init__(self, name: str, address: str, taps: int) -> None:
        """`address` is the bridge's, with prefix length, e.g. 10.77.0.1/24."""
        self.name = name
        self.address = address
        self._taps = taps
        self._host_link = f"h-{name}"[:15]  # IFNAMSIZ less its NUL

    def __enter__(self) -> Namespace:
        if os.geteuid() != 0:
            raise LabError("the lab needs root: it makes a network namespace with a bridge and taps")
        self._refuse_second_lab()
        self.remove()
        _ip("netns", "add", self.name)
        try:
            self._fill()
        except LabError:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _refuse_second_lab(self) -> None:
        """What an earlier lab left behind is cleared away, but not from under one that runs."""
        found = subprocess.run(
            ["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False
        )
        if found.stdout.split():
            raise LabError(
                f"a lab is running already (processes {' '.join(found.stdout.split())}); end it first"
            )

    def _fill(self) -> None:
        inside = ("-n", self.name)
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "add", BRIDGE, "type", "bridge")
        _ip(*inside, "address", "add", self.address, "dev", BRIDGE)
        _ip(*inside, "link", "set", BRIDGE, "up")
        for number in range(self._taps):
            _ip(*inside, "tuntap", "add", tap_name(number), "mode", "tap")
            _ip(*inside, "link", "set", tap_name(number), "master", BRIDGE)
            _ip(*inside, "link", "set", tap_name(number), "up")

    def connect_host(self, address: str) -> None:
        """Give the host a leg on the bridge with `address`, so that its browser and ssh reach the lab."""
        outer, inner = self._host_link, "host0"
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        _ip("-n", self.name, "link", "set", inner, "master", BRIDGE)
        _ip("-n", self.name, "link", "set", inner, "up")
        _ip("address", "add", address, "dev", outer)
        _ip("link", "set", outer, "up")

    def remove(self) -> None:
        """Whatever state it is in."""
        # The host's leg by name: it would go with the namespace, but the kernel takes its time over that.
        subprocess.run(["ip", "link", "delete", self._host_link], check=False, capture_output=True)
        if Path("/run/netns", self.name).exists():
            subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)

    def command(self, argv: list[str]) -> list[str]:
        """The same command, run inside. It dies with the process that starts it, even when that is killed."""
        return ["ip", "netns", "exec", self.name, "setpriv", "--pdeathsig", "KILL", *argv]

    def run(self, argv: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end; its output is captured as text."""
        return subprocess.run(self.command(argv), capture_output=True, text=True, check=False, **options)

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in a thread that has entered the namespace: the sockets it opens belong there."""
        results: list[T] = []
        failures: list[BaseException] = []

        def inside() -> None:
            try:
                with Path("/run/netns", self.name).open("rb") as handle:
                    _setns(handle.fileno())
                results.append(function())
            except BaseException as error:  # noqa: BLE001 - handed to the caller below
                failures.append(error)

        thread = threading.Thread(target=inside, daemon=True)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]


def tap_name(number: int) -> str:
    return f"tap{number}"


def _setns(descriptor: int) -> None:
    # os.setns is there from Python 3.12 on. It moves the calling thread only.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _ip(*arguments: str) -> None:
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError("no program `ip`; install it with: apt-get install iproute2") from None
    if done.returncode != 0:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
