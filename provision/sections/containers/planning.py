"""The files and units that containers are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.findings import path_text
from provision.sections.containers.directory import directory_text
from provision.sections.containers.docker import docker_text
from provision.sections.containers.lxc import lxc_config_text, lxc_service_text
from provision.sections.containers.nspawn import nspawn_text
from provision.sections.containers.paths import (
    lxc_config_path,
    pull_path,
    pulls,
    quadlet_path,
    secrets_path,
    service_path,
)
from provision.sections.containers.podman import podman_text
from provision.sections.containers.pull import pull_text
from provision.sections.containers.quadlet import quadlet_text
from provision.sections.containers.types import Container
from provision.sections.unit_words import environment_line

SERVICES: dict[str, Callable[[Container], str]] = {
    "directory": directory_text,
    "docker": docker_text,
    "lxc": lxc_service_text,
    "nspawn": nspawn_text,
    "podman": podman_text,
}


def plan_containers(containers: tuple[Container, ...], _facts: Facts) -> Iterator[Step]:
    """All texts before anything is enabled, as containers may need each other."""
    for index, container in enumerate(containers):
        because = path_text(("containers", index))
        yield from (Step(action, because) for action in _files(container))
    for index, container in enumerate(containers):
        # A quadlet's service is made at boot and started by its [Install]; there is nothing to enable now.
        if container.engine != "quadlet":
            yield Step(EnableUnit(f"{container.name}.service", True), path_text(("containers", index)))


def _files(container: Container) -> Iterator[WriteFile]:
    if container.secret_environment:
        yield WriteFile(secrets_path(container), _secrets(container), mode=0o600, secret=True)
    if pulls(container):
        yield WriteFile(pull_path(container), pull_text(container).encode())
    if container.engine == "quadlet":
        yield WriteFile(quadlet_path(container), quadlet_text(container).encode())
        return
    if container.engine == "lxc":
        yield WriteFile(lxc_config_path(container), lxc_config_text(container).encode())
    yield WriteFile(service_path(container), SERVICES[container.engine](container).encode())


def _secrets(container: Container) -> bytes:
    lines = (environment_line(name, secret.reveal()) for name, secret in container.secret_environment.items())
    return "".join(lines).encode()
