"""Machines that boot for real: firmware, network, image, agent, etcd. A missing program is a failure, not a skip."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pxeserver.images.manifest import read_manifest
from pxeserver.lab.firmware import LabFirmware
from pxeserver.lab.lab import Lab, LabPlan, wait_until
from pxeserver.lab.machine import Machine

EXAMPLES = Path(__file__).parents[2] / "examples"
SSH_OPTIONS = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    *("-o", "BatchMode=yes", "-o", "ConnectTimeout=20"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--images", default="build/images", help="folder with the image debian-12 (`make image`)"
    )


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> Path:
    folder = Path(request.config.getoption("--images")).resolve()
    read_manifest(folder / "debian-12")  # its error says how to build it
    return folder


@pytest.fixture(scope="session")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)], check=True)
    return key


class BootLab:
    """A lab with a data directory of its own, and the questions that boot tests ask."""

    def __init__(self, lab: Lab, data: Path, key: Path) -> None:
        self.lab = lab
        self.data = data
        self._key = key

    @property
    def machines(self) -> tuple[Machine, ...]:
        return self.lab.machines

    def row(self, machine: Machine) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.lab.api.get("/v1/machines")["machines"]
        return next(row for row in rows if row["mac"] == machine.hardware.mac)

    def events(self, machine: Machine, boot: int | None = None) -> list[dict[str, Any]]:
        """What the server stored about a machine, oldest first; of one boot, or of all."""
        query = "" if boot is None else f"?boot={boot}"
        events: list[dict[str, Any]] = self.lab.api.get(f"/v1/machines/{machine.hardware.mac}/events{query}")[
            "events"
        ]
        return events

    def ok_steps(self, machine: Machine, boot: int) -> list[str]:
        """Steps that succeeded in one boot, in the order of their first success."""
        return list(
            dict.fromkeys(event["step"] for event in self.events(machine, boot) if event["result"] == "ok")
        )

    def wait_for(
        self,
        machine: Machine,
        step: str,
        result: str = "ok",
        *,
        boot: int | None = None,
        text: str = "",
        deadline_s: float = 240,
    ) -> dict[str, Any]:
        """The newest event of this step and result, with this text, at the server, as soon as there is one."""
        found: list[dict[str, Any]] = []

        def has_come() -> bool:
            trouble = machine.trouble()
            assert trouble is None, trouble
            try:
                events = self.events(machine, boot)
            except OSError:  # the server is being restarted
                return False
            found[:] = [
                event
                for event in events
                if (event["step"], event["result"]) == (step, result) and text in event["message"]
            ]
            return bool(found)

        try:
            wait_until(has_come, deadline_s, f"{machine.name}: {step} {result}")
        except TimeoutError as error:
            raise AssertionError(
                f"{error}\n--- server:\n{self.lab.server_tail()}\n--- console of {machine.name}:\n{machine.tail(40)}"
            ) from None
        return found[-1]

    def wait_for_console(self, machine: Machine, text: str, deadline_s: float = 120) -> None:
        # Firmware breaks lines at 80 columns wherever it is.
        def flat() -> str:
            return machine.console_text().replace("\n", "")

        try:
            wait_until(lambda: text in flat(), deadline_s, f"{machine.name}: {text!r} on the console")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{machine.tail(40)}") from None

    def inside(self, address: str, command: str, *, user: str = "ops") -> str:
        """The output of a command run on a machine, by ssh with the key that its config brought."""
        done = self.lab.namespace.run(
            ["ssh", "-i", str(self._key), *SSH_OPTIONS, f"{user}@{address}", command], timeout=90
        )
        assert done.returncode == 0, f"{command!r} on {address}: {done.stdout}{done.stderr}"
        return done.stdout.strip()


MakeLab = Callable[..., BootLab]


@pytest.fixture
def make_lab(images: Path, ssh_key: Path, tmp_path: Path) -> Iterator[MakeLab]:
    """Makes a lab from a copy of an example's data directory, with the server running and no machine on."""
    with ExitStack() as stack:

        def make(
            example: str,
            machines: Sequence[tuple[str, str]],
            *,
            change: Callable[[Path], None] | None = None,
            images: Path = images,
            firmware: LabFirmware = LabFirmware.BIOS,
        ) -> BootLab:
            data = tmp_path / "data"
            shutil.copytree(EXAMPLES / example, data)
            if change is not None:
                change(data)
            variables = {"ssh_key": ssh_key.with_suffix(".pub").read_text().strip()}
            plan = LabPlan(data, images, tmp_path, machines, variables, name="pxetest", firmware=firmware)
            lab = stack.enter_context(Lab(plan))
            lab.start_server()
            return BootLab(lab, data, ssh_key)

        yield make
