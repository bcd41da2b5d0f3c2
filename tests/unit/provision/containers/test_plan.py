"""A folder of `expected/` is a test: its config.yaml asks for exactly the files beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.sections import plan_document
from tests.unit.provision.systemd_reader import arguments, settings

EXPECTED = Path(__file__).parent / "expected"
CASES = sorted(path.parent for path in EXPECTED.glob("*/config.yaml"))
# In every config that has a command; what else stands in the line comes before it.
COMMAND = ["/bin/web", "--motto", "50% $HOME", ";", ""]


def steps_of(config: Path) -> tuple[Step, ...]:
    loaded = load_bytes(config.read_bytes(), file=config.name)
    assert loaded.document is not None, loaded.findings
    return plan_document(loaded.document, Facts())


def written(case: Path) -> dict[str, str]:
    actions = [step.action for step in steps_of(case / "config.yaml")]
    return {
        action.path: action.content.decode()
        for action in actions
        if isinstance(action, WriteFile) and isinstance(action.content, bytes)
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_files_are_as_written_down(case: Path) -> None:
    files = [path for path in case.rglob("*") if path.is_file() and path.name != "config.yaml"]

    assert written(case) == {f"/{path.relative_to(case)}": path.read_text() for path in files}


@pytest.mark.parametrize("engine", ["directory", "docker", "lxc", "nspawn", "podman"])
def test_the_command_reaches_the_container_as_it_was_written(engine: str) -> None:
    (command,) = settings(written(EXPECTED / engine)["/etc/systemd/system/web.service"], "ExecStart")

    assert arguments(command)[-len(COMMAND) :] == COMMAND


def test_the_command_of_a_quadlet_reaches_it_too() -> None:
    (command,) = settings(written(EXPECTED / "quadlet")["/etc/containers/systemd/web.container"], "Exec")

    assert arguments(command) == COMMAND


@pytest.mark.parametrize("engine", ["directory", "docker", "lxc", "nspawn", "podman"])
def test_services_are_enabled_once_all_texts_are_there(engine: str) -> None:
    steps = steps_of(EXPECTED / engine / "config.yaml")

    assert [step for step in steps if isinstance(step.action, EnableUnit)] == [
        Step(EnableUnit("web.service", True), "containers[0]"),
        Step(EnableUnit("db.service", True), "containers[1]"),
    ]
    assert all(isinstance(step.action, EnableUnit) for step in steps[-2:])


def test_a_quadlet_is_not_enabled_as_its_service_is_made_at_boot() -> None:
    steps = steps_of(EXPECTED / "quadlet/config.yaml")

    assert not any(isinstance(step.action, EnableUnit) for step in steps)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_boot_waits_for_a_registry(case: Path) -> None:
    """Targets wait for what they want, unless it has no default dependencies: systemd.target(5)."""
    for path, text in written(case).items():
        if path.endswith("-pull.service"):
            assert "[Install]" not in text
            assert settings(text, "Before") == settings(text, "WantedBy") == []
        elif path.endswith((".service", ".container")):
            assert settings(text, "DefaultDependencies") == ["no"]
            assert settings(text, "Before") == ["shutdown.target"]
