"""A service that runs a directory tree with systemd-nspawn."""

from __future__ import annotations

from collections.abc import Iterator

from provision.sections.containers.engines import network_of
from provision.sections.containers.paths import tree_of
from provision.sections.containers.service import (
    INSTALL,
    KILL_GRACE_S,
    Needs,
    capability,
    command_lines,
    environment_settings,
    limit_settings,
    restart_settings,
    section,
    unit_section,
)
from provision.sections.containers.types import Container

# nspawn ends with 133 when the system in it reboots: it is to be started again.
REBOOT = ("RestartForceExitStatus=133", "SuccessExitStatus=133")
PROGRAM = "/usr/bin/systemd-nspawn"


def nspawn_text(container: Container) -> str:
    """As systemd-nspawn@.service does it, but with this container's own words in place of a .nspawn file."""
    service = [
        "Type=notify",
        "KillMode=mixed",
        "Slice=machine.slice",
        "Delegate=yes",
        f"TimeoutStopSec={container.stop_timeout_s + KILL_GRACE_S}",
        *restart_settings(container),
        *([] if container.command else REBOOT),
        *limit_settings(container),
        *environment_settings(container),
        command_lines("ExecStart=", *_arguments(container)),
    ]
    return "\n".join([unit_section(container, Needs()), section("Service", service), INSTALL])


def _arguments(container: Container) -> Iterator[tuple[str, ...]]:
    yield PROGRAM, "--quiet", "--keep-unit", "--settings=no", f"--machine={container.name}"
    tree = tree_of(container)
    yield (f"--image={tree}" if tree.endswith(".raw") else f"--directory={tree}",)
    for name in (*container.environment, *container.secret_environment):
        yield (f"--setenv={name}",)
    for volume in container.volumes:
        yield (f"--bind{'-ro' if volume.read_only else ''}={volume.source}:{volume.target}",)
    yield from _network(container)
    if container.user is not None:
        yield (f"--user={container.user.partition(':')[0]}",)
    if container.privileged:
        yield ("--capability=all",)
    for name in container.capabilities.add:
        yield (f"--capability=CAP_{capability(name)}",)
    for name in container.capabilities.drop:
        yield (f"--drop-capability=CAP_{capability(name)}",)
    # A lone program is no init: nspawn puts one before it that collects its children.
    # On this signal that init ends the program with SIGTERM; without, nspawn would kill it at once.
    yield (
        ("--as-pid2", "--kill-signal=SIGRTMIN+4", "--", *container.command)
        if container.command
        else ("--boot",)
    )


def _network(container: Container) -> Iterator[tuple[str, ...]]:
    if network_of(container) == "none":
        yield ("--private-network",)
    elif network_of(container) == "bridge":
        yield ("--network-veth",)
    for port in container.ports:
        yield (f"--port={port.protocol}:{port.host}:{port.container}",)
