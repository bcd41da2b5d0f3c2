"""A service that runs a container with docker."""

from __future__ import annotations

from provision.sections.containers.options import image_options
from provision.sections.containers.service import (
    INSTALL,
    KILL_GRACE_S,
    Needs,
    command_lines,
    restart_settings,
    secrets_setting,
    section,
    unit_section,
)
from provision.sections.containers.types import Container

PROGRAM = "/usr/bin/docker"


def docker_text(container: Container) -> str:
    """In the foreground, never detached: systemd must see the container end."""
    stop_s = container.stop_timeout_s
    service = [
        "Type=exec",
        f"TimeoutStopSec={stop_s + KILL_GRACE_S}",
        *restart_settings(container),
        *secrets_setting(container),
        # A container of this name is left over when the machine or docker died.
        command_lines("ExecStartPre=-", (PROGRAM, "rm", "--force", container.name)),
        command_lines(
            "ExecStart=",
            (PROGRAM, "run", "--rm", "--name", container.name, "--pull", "never"),
            *image_options(container),
            (container.image or "", *container.command),
        ),
        command_lines("ExecStop=", (PROGRAM, "stop", "--time", str(stop_s), container.name)),
    ]
    needs = Needs(requires=("docker.service",))
    return "\n".join([unit_section(container, needs), section("Service", service), INSTALL])
