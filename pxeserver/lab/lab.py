"""The whole lab: namespace, server and machines, with one exit that leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pxeserver.lab.api import Api
from pxeserver.lab.firmware import LabFirmware
from pxeserver.lab.machine import Hardware, Machine
from pxeserver.lab.namespace import BRIDGE, LabError, Namespace, tap_name

ADDRESS = "10.77.0.1"
PREFIX_LENGTH = 24
HOST_ADDRESS = "10.77.0.254"
HTTP_PORT = 8080
SERVER_START_S = 20.0
SERVER_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class LabPlan:
    """`folder` holds the server's state and every log; `machines` are pairs of name and MAC address, in order;
    `variables` are given to the server's templates."""

    data: Path
    images: Path
    folder: Path
    machines: Sequence[tuple[str, str]]
    variables: Mapping[str, str] = field(default_factory=dict)
    memory_mib: int = 1024
    name: str = "pxelab"
    firmware: LabFirmware = LabFirmware.BIOS


class Lab:
    """A context manager: inside, the namespace is there; server and machines are started by hand, ended on exit."""

    def __init__(self, plan: LabPlan) -> None:
        folder = self.folder = plan.folder
        self.namespace = Namespace(plan.name, f"{ADDRESS}/{PREFIX_LENGTH}", taps=len(plan.machines))
        self.api = Api(self.namespace, f"http://{ADDRESS}:{HTTP_PORT}")
        self.server_log = folder / "server.log"
        self.machines = tuple(
            Machine(
                machine_name,
                Hardware(mac=mac, memory_mib=plan.memory_mib, firmware=plan.firmware),
                self.namespace,
                tap_name(number),
                folder,
            )
            for number, (machine_name, mac) in enumerate(plan.machines)
        )
        self._server: subprocess.Popen[bytes] | None = None
        self._serve = [
            *(
                sys.executable,
                "-m",
                "pxeserver",
                "serve",
                "--interface",
                BRIDGE,
                "--data",
                str(plan.data.resolve()),
            ),
            *("--images", str(plan.images.resolve()), "--state", str(folder / "state")),
            *(f"--set={name}={value}" for name, value in plan.variables.items()),
        ]
        self._stack = ExitStack()

    def __enter__(self) -> Lab:
        with ExitStack() as stack:
            stack.enter_context(self.namespace)
            stack.callback(self.stop_server)
            for machine in self.machines:
                stack.callback(machine.power_off)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start_server(self) -> None:
        """Start the server and wait until it answers; LabError with the end of its log when it does not."""
        with self.server_log.open("ab") as log:
            self._server = subprocess.Popen(
                self.namespace.command(self._serve), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            wait_until(
                lambda: self._server_trouble() is not None or self.api.is_up(), SERVER_START_S, "server"
            )
        except TimeoutError:
            raise LabError(
                f"the server does not answer after {SERVER_START_S:.0f} s:\n{self.server_tail()}"
            ) from None
        if (trouble := self._server_trouble()) is not None:
            raise LabError(trouble)

    def stop_server(self) -> None:
        """Ask it to stop, and not to wait for transfers: the machines are off by now."""
        if self._server is not None:
            # Two different ones: two of a kind could arrive as one.
            for number in (signal.SIGTERM, signal.SIGINT):
                self._server.send_signal(number)
            try:
                self._server.wait(SERVER_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill_server()
            self._server = None

    def kill_server(self) -> None:
        """kill -9: nothing can be saved any more."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def server_tail(self, lines: int = 20) -> str:
        text = self.server_log.read_text(errors="replace") if self.server_log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _server_trouble(self) -> str | None:
        if self._server is None or self._server.poll() is None:
            return None
        return f"the server ended with {self._server.returncode}:\n{self.server_tail()}"


def wait_until(condition: Callable[[], bool], deadline_s: float, what: str, interval_s: float = 0.2) -> None:
    """Poll until the condition holds; TimeoutError names what was waited for."""
    ends = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not after {deadline_s:.0f} s")
        time.sleep(interval_s)
