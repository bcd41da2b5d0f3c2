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

EXPECTED = Path(__file__).parents[2] / "unit/provision/containers/expected"
CONFIGS = sorted(EXPECTED.glob("*/config.yaml"))
STUB = "[Service]\nExecStart=/bin/true\n"
HARSH = ['"', "'", "\\", "a\nb", "\t", ";", "$", "${x}", "%n", "%", "#c", "é", "\x01", "a b", "-", "@x"]


def units(config: bytes) -> dict[str, str]:
    loaded = load_bytes(config, file="config.yaml")
    assert loaded.document is not None, loaded.findings
    actions = [step.action for step in plan_document(loaded.document, Facts())]
    return {
        action.path.rpartition("/")[2]: action.content.decode()
        for action in actions
        if isinstance(action, WriteFile)
        and action.path.endswith(".service")
        and isinstance(action.content, bytes)
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


def test_a_bad_unit_would_have_been_noticed(tmp_path: Path) -> None:
    assert complaints({"web.service": f'{STUB}ExecStop=/bin/true "open\nTimeoutStopSec=soon\n'}, tmp_path)
