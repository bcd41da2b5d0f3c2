"""A .container file, of which podman's generator makes the service at boot: podman-systemd.unit(5)."""

from __future__ import annotations

from collections.abc import Iterator

from provision.sections.containers.options import health_options, limit_options, port_text, volume_text
from provision.sections.containers.service import (
    INSTALL,
    KILL_GRACE_S,
    Needs,
    capability,
    restart_settings,
    secrets_setting,
    section,
    unit_section,
)
from provision.sections.containers.types import Container
from provision.sections.unit_words import argument, single


def quadlet_text(container: Container) -> str:
    """With keys of podman 4.4; what got a key later is said by PodmanArgs=."""
    service = [
        f"TimeoutStopSec={container.stop_timeout_s + KILL_GRACE_S}",
        *restart_settings(container),
        *secrets_setting(container),
    ]
    parts = [
        unit_section(container, Needs()),
        section("Container", _settings(container)),
        section("Service", service),
        INSTALL,
    ]
    return "\n".join(parts)


def _settings(container: Container) -> Iterator[str]:
    """Words end up in ExecStart=, hence arguments throughout."""
    yield f"Image={single(container.image or '')}"
    yield f"ContainerName={single(container.name)}"
    if container.command:
        yield f"Exec={' '.join(map(argument, container.command))}"
    for name, value in container.environment.items():
        yield f"Environment={argument(f'{name}={value}')}"
    for volume in container.volumes:
        yield f"Volume={argument(volume_text(volume))}"
    for port in container.ports:
        yield f"PublishPort={port_text(port)}"
    if container.network is not None:
        yield f"Network={container.network}"
    if container.user is not None:
        user, _, group = container.user.partition(":")
        yield f"User={user}"
        if group:
            yield f"Group={group}"
    for name in container.capabilities.add:
        yield f"AddCapability={capability(name)}"
    for name in container.capabilities.drop:
        yield f"DropCapability={capability(name)}"
    for words in _podman_args(container):
        yield f"PodmanArgs={' '.join(map(argument, words))}"


def _podman_args(container: Container) -> Iterator[tuple[str, ...]]:
    yield "--pull", "never"
    yield "--stop-timeout", str(container.stop_timeout_s)
    for name in container.secret_environment:
        yield "--env", name  # its value comes from [Service] EnvironmentFile=
    yield from limit_options(container)
    yield from health_options(container)
    if container.privileged:
        yield ("--privileged",)
