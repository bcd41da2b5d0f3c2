"""A member in a container: made as any other of section `containers`, and named etcd.service as the host's own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import structs

from provision.findings import Place, Problem
from provision.sections.containers import Container
from provision.sections.containers.checks import check_container
from provision.sections.containers.docker import docker_text
from provision.sections.containers.paths import pull_path, service_path
from provision.sections.containers.podman import podman_text
from provision.sections.containers.pull import pull_text
from provision.sections.containers.types import Volume
from provision.sections.etcd.files import tls_files
from provision.sections.etcd.types import Etcd

Variables = tuple[tuple[str, str], ...]


def container_files(etcd: Etcd, environment: Variables) -> dict[str, str]:
    """The service and the one that gets its image, by path."""
    container = container_of(etcd, environment)
    service = docker_text(container) if etcd.engine == "docker" else podman_text(container)
    return {pull_path(container): pull_text(container), service_path(container): service}


def container_of(etcd: Etcd, environment: Variables = ()) -> Container:
    return Container(
        name="etcd",
        engine="docker" if etcd.engine == "docker" else "podman",
        image=etcd.image,
        environment=dict(environment),
        volumes=tuple(volume for _, volume in _volumes(etcd)),
        network="host",  # members are reached at the machine's addresses
        restart="on-failure",  # a member that was removed from its cluster ends, without a failure
    )


def check_container_of(etcd: Etcd, place: Place) -> Iterator[Problem]:
    """What is wrong with the container, told at the fields that it is made from."""
    places = [here for here, _ in _volumes(etcd)]
    for problem in check_container(container_of(etcd), place):
        field, *rest = problem.place[len(place) :]
        if field == "volumes" and isinstance(rest[0], int):
            if rest[1:] == ["source"]:  # its target is the same path
                yield structs.replace(problem, place=(*place, *places[rest[0]]))
        else:
            yield problem


def _volumes(etcd: Etcd) -> Iterator[tuple[Place, Volume]]:
    """Every path at the same place as on the machine, so that the settings are the same; with the field it is from."""
    for here, directory in own_directories(etcd):
        yield here, Volume(source=directory, target=directory)
    seen: set[str] = set()
    for here, file in _read_files(etcd):
        # The directory: a renewed certificate is another file of the same name. One right below / has other things.
        folder = posixpath.dirname(file)
        source = folder if folder.count("/") > 1 else file
        if source not in seen:
            yield here, Volume(source=source, target=source, read_only=True)
        seen.add(source)


def own_directories(etcd: Etcd) -> Iterator[tuple[Place, str]]:
    """What etcd writes: it must outlive the container."""
    yield ("data_dir",), etcd.data_dir
    if "wal-dir" in etcd.settings:
        yield ("settings", "wal-dir"), str(etcd.settings["wal-dir"])


def _read_files(etcd: Etcd) -> Iterator[tuple[Place, str]]:
    yield from tls_files(etcd, ("tls",))
    for name, value in etcd.settings.items():
        if name.endswith("-file") and isinstance(value, str):
            yield ("settings", name), value
