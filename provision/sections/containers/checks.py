"""What is wrong with one container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, error, path_text
from provision.sections.containers.engines import check_engine
from provision.sections.containers.images import check_image
from provision.sections.containers.types import Container, Health, Limits, Port, Volume
from provision.sections.hosts import HOST_NAME
from provision.sections.places import check_path
from provision.sections.urls import is_ip
from provision.variables import has_variable

MAX_NAME_CHARS = 63  # a host name's label: nspawn and lxc name the machine so
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Engines write source:target:options, with commas and spaces between several.
UNWRITABLE = re.compile(r"[\s:,\"'\\]")
VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
NETWORK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
MEMORY = re.compile(r"[1-9][0-9]{0,17}[KMGT]?")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# capabilities(7), Linux 6.1
CAPABILITIES = frozenset(
    [
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "BPF",
        "CHECKPOINT_RESTORE",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "PERFMON",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "WAKE_ALARM",
    ]
)


def check_container(container: Container, place: Place) -> Iterator[Problem]:
    yield from _check_name(container.name, (*place, "name"))
    yield from _check_origin(container, place)
    yield from check_engine(container, place)
    yield from _check_command(container.command, (*place, "command"))
    yield from _check_environment(container, place)
    yield from _check_volumes(container.volumes, (*place, "volumes"))
    for index, port in enumerate(container.ports):
        yield from _check_address(port, (*place, "ports", index, "address"))
    yield from _check_limits(container.limits, (*place, "limits"))
    yield from _check_words(container, place)
    if container.health is not None:
        yield from _check_health(container.health, (*place, "health"))
    for field in ("add", "drop"):
        for index, name in enumerate(getattr(container.capabilities, field)):
            yield from _check_capability(name, (*place, "capabilities", field, index))


def _check_name(name: str, place: Place) -> Iterator[Problem]:
    if has_variable(name):
        return
    if name.endswith(".service"):
        hint = f"write {name.removesuffix('.service')!r}: the unit's name follows from it"
        yield error("container-name", place, "a container's name has no unit suffix", hint)
    elif not HOST_NAME.fullmatch(name) or len(name) > MAX_NAME_CHARS:
        hint = f"letters, digits, - and . as in a host name, at most {MAX_NAME_CHARS} characters"
        yield error("container-name", place, f"{name!r} is no container name", hint)


def _check_origin(container: Container, place: Place) -> Iterator[Problem]:
    if container.image is None and container.root is None:
        yield error("container-no-image", place, "nothing to run: image or root is needed")
    elif container.image is not None and container.root is not None:
        problem = error("container-image-twice", (*place, "root"), "image and root exclude each other")
        yield structs.replace(problem, at_key=True)
    if container.image is not None:
        yield from check_image(container.image, (*place, "image"))
    if container.root is not None:
        yield from _check_mount_path(container.root, (*place, "root"))


def _check_mount_path(path: str, place: Place) -> Iterator[Problem]:
    if not has_variable(path) and UNWRITABLE.search(path):
        message = f"{path!r} has a space, colon, comma, quote or backslash, which engines give a meaning"
        yield error("container-path", place, message)
    else:
        yield from check_path(path, place)


def _check_command(command: tuple[str, ...], place: Place) -> Iterator[Problem]:
    for index, argument in enumerate(command):
        if "\0" in argument:
            yield error("container-command", (*place, index), "no program can be given a NUL character")
    if command and not command[0]:
        yield error("container-command", (*place, 0), "the program has no name")


def _check_environment(container: Container, place: Place) -> Iterator[Problem]:
    for field in ("environment", "secret_environment"):
        for name in getattr(container, field):
            here = (*place, field, name)
            if not ENVIRONMENT_NAME.fullmatch(name):
                hint = "letters, digits and _, no digit first"
                problem = error("environment-name", here, f"{name!r} is no variable's name", hint)
                yield structs.replace(problem, at_key=True)
            if field == "secret_environment" and name in container.environment:
                first = path_text((*place, "environment", name))
                problem = error("duplicate-name", here, f"{name!r} is set by {first} already")
                yield structs.replace(problem, at_key=True)
    values = {name: secret.reveal() for name, secret in container.secret_environment.items()}
    for field, pairs in (("environment", container.environment), ("secret_environment", values)):
        for name, value in pairs.items():
            if CONTROL.search(value):
                message = "a line break or control character cannot be part of a variable's value"
                yield structs.replace(error("environment-value", (*place, field, name), message), at_key=True)


def _check_volumes(volumes: tuple[Volume, ...], place: Place) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, volume in enumerate(volumes):
        here = (*place, index)
        named = VOLUME_NAME.fullmatch(volume.source) or has_variable(volume.source)
        if not named:
            yield from _check_mount_path(volume.source, (*here, "source"))
        yield from _check_mount_path(volume.target, (*here, "target"))
        if volume.target in seen:
            first = path_text((*place, seen[volume.target]))
            message = f"{volume.target!r} is the target of {first} already"
            yield error("duplicate-target", (*here, "target"), message)
        seen.setdefault(volume.target, index)


def _check_address(port: Port, place: Place) -> Iterator[Problem]:
    if port.address is not None and not has_variable(port.address) and not is_ip(port.address):
        yield error("ip", place, f"{port.address!r} is no IP address")


def _check_limits(limits: Limits, place: Place) -> Iterator[Problem]:
    memory = limits.memory
    if memory is not None and not has_variable(memory) and not MEMORY.fullmatch(memory):
        hint = "a whole number with K, M, G or T: 512M"
        yield error("memory-size", (*place, "memory"), f"{memory!r} is no size", hint)


def _check_words(container: Container, place: Place) -> Iterator[Problem]:
    network, user = container.network, container.user
    if network is not None and not has_variable(network) and not NETWORK_NAME.fullmatch(network):
        hint = "bridge, host, none, or a network's name"
        yield error("container-network", (*place, "network"), f"{network!r} is no network", hint)
    if user is not None and not has_variable(user) and not USER.fullmatch(user):
        yield error("container-user", (*place, "user"), f"{user!r} is no user", "user or user:group")
    if container.restart is True:
        message = "expected 'always', 'on-failure' or 'no', got true"
        yield error("wrong-type", (*place, "restart"), message, "write always")


def _check_health(health: Health, place: Place) -> Iterator[Problem]:
    if not health.command:
        yield error("container-command", (*place, "command"), "there is nothing to run")
    yield from _check_command(health.command, (*place, "command"))


def _check_capability(name: str, place: Place) -> Iterator[Problem]:
    short = name.upper().removeprefix("CAP_")
    if short not in CAPABILITIES and not has_variable(name):
        hint = did_you_mean(short, CAPABILITIES)
        yield error("capability", place, f"Linux has no capability {name!r}", hint)
