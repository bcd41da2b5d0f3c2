"""systemd has nothing to say against the units of containers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from provision.actions import WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from provision.sections.etcd import DROPIN_PATH

EXPECTED = Path(__file__).parents[2] / "unit/provision/containers/expected"
CONFIGS = sorted(EXPECTED.glob("*/config.yaml"))
STUB = "[Service]\nExecStart=/bin/true\n"
HARSH = ['"', "'", "\\", "a\nb", "\t", ";", "$", "${x}", "%n", "%", "#c", "é", "\x01", "a b", "-", "@x"]


def written(config: bytes) -> dict[str, bytes]:
    loaded = load_bytes(config, file="config.yaml")
    assert loaded.document is not None, loaded.findings
    actions = [step.action for step in plan_document(loaded.document, Facts(ipv4="10.77.0.11"))]
    return {
        action.path: action.content
        for action in actions
        if isinstance(action, WriteFile) and isinstance(action.content, bytes)
    }


def units(config: bytes) -> dict[str, str]:
    return {
        path.rpartition("/")[2]: content.decode()
        for path, content in written(config).items()
        if path.endswith(".service")
    }


def complaints(texts: dict[str, str], folder: Path) -> list[str]:
    for name, text in {"docker.service": STUB, "db.service": STUB, **texts}.items():
        (folder / name).write_text(text)
    names = [str(folder / name) for name in texts]
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names]
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    # The engines are not on this machine, and their place is not what is tested.
    return [line for line in done.stderr.splitlines() if "is not executable" not in line]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.parent.name)
def test_the_units_are_understood(config: Path, tmp_path: Path) -> None:
    assert complaints(units(config.read_bytes()), tmp_path) == []


def test_arguments_that_mean_something_to_systemd_are_understood(tmp_path: Path) -> None:
    container = {
        "name": "web",
        "engine": "directory",
        "root": "/srv/100%",
        "command": ["/bin/echo", *HARSH],
        "environment": {f"V{index}": text for index, text in enumerate(HARSH) if text.isprintable()},
        "volumes": [{"source": "/srv/%n$x;é", "target": "/data%"}],
    }

    assert complaints(units(json.dumps({"containers": [container]}).encode()), tmp_path) == []


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_the_units_of_an_etcd_member_in_a_container_are_understood(engine: str, tmp_path: Path) -> None:
    member = {
        "discovery": "http://10.77.0.1:8080/discovery/abc",
        "engine": engine,
        "image": "quay.io/coreos/etcd@sha256:" + "0" * 64,
        "settings": {"log-level": "100% $x"},
    }
    config = json.dumps({"hostname": "node1", "etcd": member}).encode()
    dropins = tmp_path / "etcd.service.d"
    dropins.mkdir()
    (dropins / "20-provision.conf").write_bytes(written(config)[DROPIN_PATH])

    assert complaints(units(config), tmp_path) == []


def test_a_bad_unit_would_have_been_noticed(tmp_path: Path) -> None:
    assert complaints({"web.service": f'{STUB}ExecStop=/bin/true "open\nTimeoutStopSec=soon\n'}, tmp_path)
