"""A container of LXC: its configuration, and the service that runs it."""

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
    cpu_percent,
    environment_settings,
    restart_settings,
    section,
    unit_section,
)
from provision.sections.containers.types import Container

CPU_PERIOD_US = 100_000  # the kernel's default period of cpu.max

NETWORKS = {
    "bridge": ("lxc.net.0.type = veth", "lxc.net.0.link = lxcbr0", "lxc.net.0.flags = up"),
    "host": ("lxc.net.0.type = none",),
    "none": ("lxc.net.0.type = empty",),
}


def lxc_service_text(container: Container) -> str:
    command = ("--", *container.command) if container.command else ()
    stop_s = str(container.stop_timeout_s)
    service = [
        "Type=simple",
        "KillMode=mixed",
        "Delegate=yes",
        f"TimeoutStopSec={container.stop_timeout_s + KILL_GRACE_S}",
        *restart_settings(container),
        *environment_settings(container),
        command_lines("ExecStart=", ("/usr/bin/lxc-start", "-F", "-n", container.name, *command)),
        command_lines("ExecStop=", ("/usr/bin/lxc-stop", "-n", container.name, "-t", stop_s)),
    ]
    needs = Needs(after=("lxc-net.service",) if network_of(container) == "bridge" else ())
    return "\n".join([unit_section(container, needs), section("Service", service), INSTALL])


def lxc_config_text(container: Container) -> str:
    """lxc.container.conf(5)."""
    return "".join(f"{line}\n" for line in _config(container))


def _config(container: Container) -> Iterator[str]:
    if not container.privileged:  # what takes dangerous capabilities and devices away
        yield "lxc.include = /usr/share/lxc/config/common.conf"
    yield f"lxc.uts.name = {container.name}"
    yield f"lxc.rootfs.path = dir:{tree_of(container)}"
    yield from NETWORKS[network_of(container)]
    for volume in container.volumes:
        access = "ro" if volume.read_only else "rw"
        target = volume.target.removeprefix("/")  # below the root: LXC's own way to write it
        yield f"lxc.mount.entry = {volume.source} {target} none bind,{access},create=dir 0 0"
    for name in (*container.environment, *container.secret_environment):
        yield f"lxc.environment = {name}"  # without a value: from the service's environment
    if container.command:  # a lone program does not know SIGPWR, with which LXC halts an init
        yield "lxc.signal.halt = SIGTERM"
    yield from _user(container)
    yield from _limits(container)
    for name in container.capabilities.drop:
        yield f"lxc.cap.drop = {capability(name).lower()}"


def _user(container: Container) -> Iterator[str]:
    if container.user is not None:
        user, _, group = container.user.partition(":")
        yield f"lxc.init.uid = {user}"
        yield f"lxc.init.gid = {group or user}"


def _limits(container: Container) -> Iterator[str]:
    limits = container.limits
    if limits.memory is not None:
        yield f"lxc.cgroup2.memory.max = {limits.memory}"
    if limits.cpus is not None:
        quota_us = cpu_percent(limits.cpus) * CPU_PERIOD_US // 100
        yield f"lxc.cgroup2.cpu.max = {quota_us} {CPU_PERIOD_US}"
    if limits.pids is not None:
        yield f"lxc.cgroup2.pids.max = {limits.pids}"
