"""The systemd unit: as systemd judges it, and a server that really runs with what it grants."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxeserver.cli import main
from tests.netns.namespaces import CLIENT_MAC, SERVER_ADDRESS, Lab
from tests.netns.test_dhcp_clients import udhcpc
from tests.unit.inventory.directory import write
from tests.unprivileged import open_directory

pytestmark = pytest.mark.netns

# The user that systemd-sysusers would make; any number without rights does.
USER = "64123"
NUMBERS = {"net_bind_service": 10, "net_raw": 13}  # capability.h; no other is ever needed
DATA = {"pxeserver.yaml": "dhcp: {mode: full, pool: {first: 10.77.0.100, last: 10.77.0.110}}\n"}


@pytest.fixture
def unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["service", "--interface", "eth1", "--data", "/srv/my rack", "--program", "/bin/true"]) == 0
    path = tmp_path / "pxeserver.service"
    path.write_text(capsys.readouterr().out)
    return path


def capabilities(unit: Path, setting: str) -> list[str]:
    (line,) = re.findall(rf"^{setting}=(.*)$", unit.read_text(), re.MULTILINE)
    return [name.removeprefix("CAP_").lower() for name in line.split()]


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_gives_it_an_exposure_below_3(unit: Path) -> None:
    argv = ["systemd-analyze", "security", "--offline=true", "--threshold=30", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level for pxeserver.service: " in done.stdout


@dataclass(frozen=True)
class Service:
    """The server, and the socket on which it tells its service manager how it is."""

    process: subprocess.Popen[bytes]
    told: socket.socket


@contextmanager
def manager(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(folder / "notify"))
        (folder / "notify").chmod(0o777)
        told.settimeout(20)
        yield told


@pytest.fixture
def served(network: Lab, unit: Path) -> Iterator[Service]:
    """The server with the user and the capabilities of the unit, where every user may read."""
    bounding, ambient = (
        ",".join(f"+{name}" for name in capabilities(unit, setting))
        for setting in ("CapabilityBoundingSet", "AmbientCapabilities")
    )
    with open_directory() as folder:
        write(folder / "data", DATA)
        state = folder / "state"
        state.mkdir(mode=0o700)
        subprocess.run(["chown", f"{USER}:{USER}", str(state)], check=True)
        argv = ["ip", "netns", "exec", network.server, "setpriv", "--no-new-privs", f"--reuid={USER}"]
        argv += [f"--regid={USER}", "--clear-groups", f"--bounding-set=-all,{bounding}"]
        argv += [f"--inh-caps=-all,{ambient}", f"--ambient-caps=-all,{ambient}"]
        argv += [sys.executable, "-m", "pxeserver", "serve", "--interface", "server0"]
        argv += ["--data", str(folder / "data"), "--state", str(state), "--images", str(folder / "images")]
        with manager(folder) as told, (folder / "log").open("wb") as log:
            environment = {**os.environ, "NOTIFY_SOCKET": told.getsockname()}
            process = subprocess.Popen(argv, stdout=log, stderr=log, env=environment)
            try:
                assert told.recv(4096).startswith(b"READY=1\n"), (folder / "log").read_text()
                yield Service(process, told)
            finally:
                process.kill()
                process.wait()


def test_as_that_user_with_those_capabilities_it_boots_machines(
    network: Lab, unit: Path, served: Service, tmp_path: Path
) -> None:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    held = {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s*(\w+)$", status, re.MULTILINE)}

    result = udhcpc(network, tmp_path, "-q", "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000")
    fetched = network.in_client(
        "curl", "-s", f"tftp://{SERVER_ADDRESS}/undionly.kpxe", "-o", str(tmp_path / "l")
    )
    script = network.in_client("curl", "-s", f"http://{SERVER_ADDRESS}:8080/v1/boot?mac={CLIENT_MAC}")

    assert f"\nUid:\t{USER}\t{USER}\t{USER}\t{USER}\n" in status
    granted = sum(1 << NUMBERS[name] for name in capabilities(unit, "CapabilityBoundingSet"))
    assert held["CapEff"] == held["CapBnd"] == granted
    assert "bound ip=10.77.0.100 " in result.stdout, result.stderr
    assert fetched.returncode == 0
    assert (tmp_path / "l").read_bytes() == Path("/usr/lib/ipxe/undionly.kpxe").read_bytes()
    assert script.stdout.startswith("#!ipxe\n")
    served.process.send_signal(signal.SIGTERM)
    assert served.told.recv(4096).startswith(b"STOPPING=1\n")
    assert served.process.wait(timeout=15) == 0


@pytest.mark.parametrize(
    "arguments", [["--data", "/root/rack"], ["--data", "/srv", "--program", "/home/x/p"]]
)
def test_what_the_service_could_not_see_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["service", "--interface", "eth1", *arguments]) == 2
    assert "a service sees nothing below /" in capsys.readouterr().err


def test_words_of_the_command_line_stay_as_they_are(unit: Path) -> None:
    assert (
        'ExecStart=/bin/true serve --interface eth1 --data "/srv/my rack" --log-format text\n'
        in unit.read_text()
    )
