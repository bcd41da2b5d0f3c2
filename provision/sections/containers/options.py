"""Options that `docker run` and `podman run` have in common."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from provision.sections.containers.service import capability
from provision.sections.containers.types import Container, Port, Volume


def image_options(container: Container) -> Iterator[tuple[str, ...]]:
    """Options that `docker run` and `podman run` have in common, in the order of the config."""
    for name, value in container.environment.items():
        yield "--env", f"{name}={value}"
    for name in container.secret_environment:
        yield (
            "--env",
            name,
        )  # without a value: from the engine's own environment, so no list of processes shows it
    for volume in container.volumes:
        yield "--volume", volume_text(volume)
    for port in container.ports:
        yield "--publish", port_text(port)
    if container.network is not None:
        yield "--network", container.network
    if container.user is not None:
        yield "--user", container.user
    yield from limit_options(container)
    yield from health_options(container)
    if container.privileged:
        yield ("--privileged",)
    for name in container.capabilities.add:
        yield "--cap-add", capability(name)
    for name in container.capabilities.drop:
        yield "--cap-drop", capability(name)


def limit_options(container: Container) -> Iterator[tuple[str, str]]:
    limits = container.limits
    if limits.memory is not None:
        yield "--memory", limits.memory.lower()
    if limits.cpus is not None:
        yield "--cpus", f"{limits.cpus:g}"
    if limits.pids is not None:
        yield "--pids-limit", str(limits.pids)


def health_options(container: Container) -> Iterator[tuple[str, str]]:
    health = container.health
    if health is None:
        return
    yield "--health-cmd", shlex.join(health.command)  # the engine gives it to the container's shell
    yield "--health-interval", f"{health.interval_s}s"
    yield "--health-timeout", f"{health.timeout_s}s"
    yield "--health-retries", str(health.retries)
    yield "--health-start-period", f"{health.start_period_s}s"
    if container.engine != "docker":
        yield "--health-on-failure", "kill"


def volume_text(volume: Volume) -> str:
    return f"{volume.source}:{volume.target}{':ro' if volume.read_only else ''}"


def port_text(port: Port) -> str:
    address = port.address
    before = "" if address is None else f"[{address}]:" if ":" in address else f"{address}:"
    return f"{before}{port.host}:{port.container}/{port.protocol}"
