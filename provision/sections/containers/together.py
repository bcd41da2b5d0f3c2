"""What is wrong with containers beside each other: names and ports used twice, dependencies nobody can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provision.findings import Place, Problem, did_you_mean, error, path_text
from provision.sections.containers.types import Container
from provision.variables import has_variable

# systemd.unit(5); a dependency that ends so is a unit's full name.
UNIT_SUFFIXES = (
    ".automount",
    ".device",
    ".mount",
    ".path",
    ".service",
    ".slice",
    ".socket",
    ".swap",
    ".target",
    ".timer",
)


ALL_ADDRESSES = (None, "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
MAX_CYCLES = 10  # more than anyone mends at once; each is another walk over all containers


def check_together(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    yield from _check_names(containers, place)
    yield from _check_ports(containers, place)
    problems = list(_check_dependencies(containers, place))
    yield from problems
    if not problems:
        yield from _check_cycles(containers, place)


def unit_of(dependency: str) -> str:
    """The unit that an entry of `after` or `requires` means."""
    return dependency if dependency.endswith(UNIT_SUFFIXES) else f"{dependency}.service"


def _check_names(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, container in enumerate(containers):
        earlier = first.setdefault(container.name, index)
        if earlier != index:
            message = f"{container.name!r} is used by {path_text((*place, earlier))} already"
            yield error("duplicate-name", (*place, index, "name"), message)


def _check_ports(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    taken: dict[tuple[int, str], dict[str | None, Place]] = {}
    for index, container in enumerate(containers):
        for number, port in enumerate(container.ports):
            here = (*place, index, "ports", number)
            address = None if port.address in ALL_ADDRESSES else port.address
            others = taken.setdefault((port.host, port.protocol), {})
            first = _colliding(others, address)
            if first is not None:
                message = f"{port.protocol} port {port.host} is taken by {path_text(first)} already"
                yield error("duplicate-port", (*here, "host"), message)
            others.setdefault(address, here)


def _colliding(others: Mapping[str | None, Place], address: str | None) -> Place | None:
    """Who has the port at this address; None stands for all addresses."""
    if address is None:
        return next(iter(others.values()), None)
    return others.get(address) or others.get(None)


def _check_dependencies(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    names = {container.name for container in containers}
    for index, container in enumerate(containers):
        for field in ("after", "requires"):
            for number, wanted in enumerate(getattr(container, field)):
                here = (*place, index, field, number)
                if has_variable(wanted):
                    continue
                if (
                    any(char.isspace() or char == "/" or not char.isprintable() for char in wanted)
                    or not wanted
                ):
                    yield error("unit-name", here, f"{wanted!r} is no unit name")
                elif not wanted.endswith(UNIT_SUFFIXES) and wanted not in names:
                    hint = did_you_mean(wanted, names) or f"a unit has its suffix: {wanted}.service"
                    yield error("unknown-container", here, f"the config makes no container {wanted!r}", hint)


def _check_cycles(containers: tuple[Container, ...], place: Place) -> Iterator[Problem]:
    if not containers:
        return
    from graphlib import CycleError, TopologicalSorter

    places = {f"{container.name}.service": index for index, container in enumerate(containers)}
    waits_for = {
        f"{container.name}.service": {unit_of(name) for name in (*container.requires, *container.after)}
        for container in containers
    }
    for _ in range(MAX_CYCLES):
        try:
            TopologicalSorter(waits_for).prepare()
        except CycleError as found:
            way = list(reversed(found.args[1]))[:-1]
            first = min(way, key=lambda unit: places[unit])
            start = way.index(first)
            yield _cycle_problem([*way[start:], *way[:start], first], (*place, places[first], "name"))
            waits_for = {unit: wanted for unit, wanted in waits_for.items() if unit not in way}
        else:
            return


def _cycle_problem(way: list[str], place: Place) -> Problem:
    text = " → ".join(unit.removesuffix(".service") for unit in way)
    return error("dependency-cycle", place, f"each waits for the next to start: {text}")
