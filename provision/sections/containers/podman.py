"""A service that runs a container with podman, of any version: as `podman generate systemd --new` would."""

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
from provision.sections.unit_words import single

PROGRAM = "/usr/bin/podman"


def podman_text(container: Container) -> str:
    stop_s = str(container.stop_timeout_s)
    cidfile = f"/run/{container.name}.service.ctr-id"  # in /run: none is left over from an earlier boot
    service = [
        "Type=notify",
        "NotifyAccess=all",
        f"TimeoutStopSec={container.stop_timeout_s + KILL_GRACE_S}",
        *restart_settings(container),
        f"Environment=PODMAN_SYSTEMD_UNIT={single(container.name)}.service",
        *secrets_setting(container),
        command_lines("ExecStartPre=", ("/bin/rm", "-f", cidfile)),
        command_lines(
            "ExecStart=",
            (PROGRAM, "run", "--rm", "--replace", "--detach", "--name", container.name, "--pull", "never"),
            # conmon is the service's main process, and says when the container runs
            (
                "--cidfile",
                cidfile,
                "--cgroups",
                "no-conmon",
                "--sdnotify",
                "conmon",
                "--stop-timeout",
                stop_s,
            ),
            *image_options(container),
            (container.image or "", *container.command),
        ),
        command_lines("ExecStop=", (PROGRAM, "stop", "--ignore", "--time", stop_s, "--cidfile", cidfile)),
        command_lines(
            "ExecStopPost=", (PROGRAM, "rm", "--force", "--ignore", "--time", stop_s, "--cidfile", cidfile)
        ),
    ]
    return "\n".join([unit_section(container, Needs()), section("Service", service), INSTALL])
