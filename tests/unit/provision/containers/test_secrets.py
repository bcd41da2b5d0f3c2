"""Secret variables of a container: in one file that only root reads, and nowhere else."""

from __future__ import annotations

import json

import pytest

from provision.actions import WriteFile
from provision.facts import Facts
from provision.findings import render_github, render_json, render_text
from provision.load import load_bytes
from provision.sections import plan_document
from tests.unit.provision.systemd_reader import environment_file

SECRET = 'hunter2 "$x" \\ %n'
IMAGE = "docker.io/library/web@sha256:" + "ab" * 32


def config(engine: str, **fields: object) -> bytes:
    origin = {"image": IMAGE} if engine in ("docker", "podman", "quadlet") else {"root": "/srv/web"}
    container = {"name": "web", "engine": engine, "command": ["/bin/web"], **origin, **fields}
    return json.dumps({"containers": [container]}).encode()


@pytest.mark.parametrize("engine", ["docker", "podman", "quadlet", "nspawn", "lxc", "directory"])
def test_a_secret_is_in_its_file_alone(engine: str) -> None:
    loaded = load_bytes(config(engine, secret_environment={"TOKEN": SECRET}), file="config.yaml")
    assert loaded.document is not None

    steps = plan_document(loaded.document, Facts())

    written = {action.path: action for step in steps if isinstance(action := step.action, WriteFile)}
    secret = written.pop("/etc/provision/containers/web.env")
    assert isinstance(secret.content, bytes)
    assert environment_file(secret.content.decode()) == {"TOKEN": SECRET}
    assert (secret.mode, secret.secret) == (0o600, True)
    assert "hunter2" not in repr(loaded) + repr(tuple(written.values()))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"secret_environment": {"TOKEN": "hunter2\n"}}, id="line break"),
        pytest.param({"secret_environment": {"1": "hunter2"}}, id="name"),
        pytest.param({"secret_environment": ["TOKEN=hunter2"]}, id="list"),
        pytest.param({"secret_environment": {"TOKEN": ["hunter2"]}}, id="list of one"),
        pytest.param({"secret_environment": "TOKEN=hunter2"}, id="text"),
        pytest.param({"secretEnvironment": {"TOKEN": "hunter2"}}, id="misspelt"),
    ],
)
def test_a_finding_does_not_show_the_secret(fields: dict[str, object]) -> None:
    reports = [load_bytes(config("docker", **fields), file="config.yaml").report]

    output = render_text(reports) + render_json(reports) + render_github(reports)

    assert "error" in output
    assert "hunter2" not in output
