"""What `explain` says is what the server does: the same questions on the wire, asked by udhcpc and curl."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.netns.namespaces import CLIENT_MAC, SERVER_ADDRESS, Lab
from tests.netns.test_dhcp_clients import udhcpc
from tests.netns.test_http_clients import CONTROL, Served, server

__all__ = ["server"]
pytestmark = pytest.mark.netns

FIRMWARE = ("-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000", "-O", "bootfile")


def explain(network: Lab, served: Served, mac: str) -> dict[str, Any]:
    argv = ["ip", "netns", "exec", network.server, sys.executable, "-m", "pxeserver", "explain", mac]
    argv += ["--data", str(served.folder / "data"), "--state", str(served.folder / "state")]
    argv += ["--images", str(served.folder / "images"), "--interface", "server0", "--arch", "0"]
    done = subprocess.run(
        [*argv, "--format", "json"], capture_output=True, text=True, timeout=60, check=False
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def reason_of(told: dict[str, Any], request: str) -> str:
    (answer,) = (one for one in told["answers"] if one["request"] == request)
    return str(answer["reason"])


def logged_reason(served: Served, start: str) -> str:
    (line,) = (line for line in served.log.read_text().splitlines() if start in line)
    return line.split('reason="')[1].split('"')[0]


def test_its_answers_are_those_on_the_wire(server: Served, tmp_path: Path) -> None:
    told = explain(server.network, server, CLIENT_MAC)

    leased = udhcpc(server.network, tmp_path, "-q", *FIRMWARE).stdout
    loader = server.network.in_client(
        "sh", "-c", f"curl -s tftp://{SERVER_ADDRESS}/undionly.kpxe | wc -c"
    ).stdout
    script = server.curl(f"{CONTROL}/v1/boot?mac={CLIENT_MAC}&arch=i386")

    assert told["boots"] is True
    offered = reason_of(told, "DISCOVER of firmware")
    assert offered.startswith("OFFER, address 10.77.0.200, file undionly.kpxe: ")
    assert "bound ip=10.77.0.200 " in leased
    assert "boot_file=undionly.kpxe" in leased
    assert offered.endswith(logged_reason(server, "packet=DISCOVER"))
    assert reason_of(told, "read undionly.kpxe") == f"{loader.strip()} bytes"
    assert reason_of(told, "GET /v1/boot") == logged_reason(server, "script served")
    assert "echo pxeserver: node1 " in script


def test_a_refusal_is_the_one_the_machine_sees(server: Served) -> None:
    (server.folder / "data/machines/node1.yaml").unlink()
    server.write("groups/nodes.yaml", "profile: node\nselector: {serial: S1}\n")
    server.wait_for_log("inventory read from", times=2)

    told = explain(server.network, server, CLIENT_MAC)
    script = server.script()

    refused = reason_of(told, "GET /v1/boot")
    assert told["boots"] is False
    assert refused.startswith(f"no group matches {CLIENT_MAC}")
    assert refused == logged_reason(server, "script refused")
    assert refused in script
    assert [(g["group"], g["reason"]) for g in told["groups"]] == [
        ("nodes", "it asks for serial s1; the machine has none")
    ]
