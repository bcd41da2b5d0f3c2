"""What the units of all engines have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from provision.sections.containers.paths import pull_unit, pulls, secrets_path
from provision.sections.containers.together import unit_of
from provision.sections.containers.types import Container
from provision.sections.unit_words import argument, single, word

KILL_GRACE_S = 10  # after the engine's own deadline: to kill the container and clean up


class Needs(Struct, frozen=True):
    """What an engine's unit depends on besides what the container says."""

    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def unit_section(container: Container, needs: Needs) -> str:
    """[Unit], without the order that targets give to what they start: multi-user.target would wait for the pull."""
    dependencies = [unit_of(name) for name in container.requires]
    pull = [pull_unit(container)] if pulls(container) else []
    requires = _units("sysinit.target", *needs.requires, *pull, *dependencies)
    after = _units(
        "sysinit.target",
        "basic.target",
        "network-online.target",
        *needs.requires,
        *needs.after,
        *pull,
        *dependencies,
        *(unit_of(name) for name in container.after),
    )
    sources = [volume.source for volume in container.volumes if volume.source.startswith("/")]
    mounts = " ".join(word(path) for path in (*([container.root] if container.root else []), *sources))
    lines = [
        f"Description=Container {single(container.name)}",
        "# Not part of what multi-user.target waits for: a slow registry must not hold up the boot.",
        "DefaultDependencies=no",
        f"Requires={requires}",
        "Wants=network-online.target",
        f"After={after}",
        "Conflicts=shutdown.target",
        "Before=shutdown.target",
        *([f"RequiresMountsFor={mounts}"] if mounts else []),
        "StartLimitIntervalSec=0",
    ]
    return section("Unit", lines)


def section(name: str, lines: Iterable[str]) -> str:
    return f"[{name}]\n" + "".join(f"{line}\n" for line in lines)


INSTALL = section("Install", ["WantedBy=multi-user.target"])


def command_lines(setting: str, *lines: Sequence[str]) -> str:
    """A command after `ExecStart=` or its like; each sequence of arguments is a line of its own."""
    texts = [" ".join(map(argument, line)) for line in lines if line]
    return setting + " \\\n  ".join(texts)


def environment_settings(container: Container) -> Iterator[str]:
    """The variables as systemd gives them to what it starts."""
    for name, value in container.environment.items():
        yield f"Environment={word(f'{name}={value}')}"
    yield from secrets_setting(container)


def secrets_setting(container: Container) -> Iterator[str]:
    if container.secret_environment:
        yield f"EnvironmentFile={secrets_path(container)}"


def restart_settings(container: Container) -> Iterator[str]:
    # `no` without quotes is false in YAML
    yield f"Restart={container.restart or 'no'}"
    yield "RestartSec=5"


def limit_settings(container: Container) -> Iterator[str]:
    """Limits for engines whose processes stay in the unit's own control group."""
    limits = container.limits
    if limits.memory is not None:
        yield f"MemoryMax={limits.memory}"
    if limits.cpus is not None:
        yield f"CPUQuota={cpu_percent(limits.cpus)}%"
    if limits.pids is not None:
        yield f"TasksMax={limits.pids}"


def cpu_percent(cpus: float) -> int:
    return max(1, round(cpus * 100))


def capability(name: str) -> str:
    """`NET_ADMIN`, whichever way it was written."""
    return name.upper().removeprefix("CAP_")


def _units(*names: str) -> str:
    """Names of units, each once. They are not quoted: the backslash of an escaped name stays as it is."""
    return " ".join(dict.fromkeys(map(single, names)))
