"""A service whose root is a directory tree: systemd alone, without a program for containers."""

from __future__ import annotations

from collections.abc import Iterator

from provision.sections.containers.engines import network_of
from provision.sections.containers.paths import tree_of
from provision.sections.containers.service import (
    INSTALL,
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
from provision.sections.unit_words import single, word

WALLS = (
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RestrictSUIDSGID=yes",
)


def directory_text(container: Container) -> str:
    service = [
        "Type=exec",
        f"TimeoutStopSec={container.stop_timeout_s}",
        *restart_settings(container),
        *_root(container),
        *_walls(container),
        *limit_settings(container),
        *environment_settings(container),
        command_lines("ExecStart=", container.command),
    ]
    return "\n".join([unit_section(container, Needs()), section("Service", service), INSTALL])


def _root(container: Container) -> Iterator[str]:
    tree = tree_of(container)
    yield f"{'RootImage' if tree.endswith('.raw') else 'RootDirectory'}={single(tree)}"
    yield "MountAPIVFS=yes"
    yield "PrivateTmp=yes"
    if network_of(container) == "host":
        yield "BindReadOnlyPaths=-/etc/resolv.conf"  # names are looked up as on the machine
    for volume in container.volumes:
        setting = "BindReadOnlyPaths" if volume.read_only else "BindPaths"
        yield f"{setting}={word(f'{volume.source}:{volume.target}')}"


def _walls(container: Container) -> Iterator[str]:
    if not container.privileged:
        yield from WALLS
    if network_of(container) == "none":
        yield "PrivateNetwork=yes"
    if container.user is not None:
        user, _, group = container.user.partition(":")
        yield f"User={user}"
        if group:
            yield f"Group={group}"
    added = [f"CAP_{capability(name)}" for name in container.capabilities.add]
    dropped = [f"CAP_{capability(name)}" for name in container.capabilities.drop]
    if added:
        yield f"AmbientCapabilities={' '.join(added)}"
    if dropped:
        yield f"CapabilityBoundingSet=~{' '.join(dropped)}"
