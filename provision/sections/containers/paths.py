"""Where things of a container are."""

from __future__ import annotations

from collections.abc import Iterator

from provision.sections.containers.images import parse
from provision.sections.containers.types import Container

LXC_DIRECTORY = "/var/lib/lxc"
QUADLET_DIRECTORY = "/etc/containers/systemd"
UNIT_DIRECTORY = "/etc/systemd/system"
SECRETS_DIRECTORY = "/etc/provision/containers"
TREES_DIRECTORY = "/var/lib/provision/containers"


def paths(container: Container) -> Iterator[str]:
    """Files that are this container's, the service's also where its engine makes it at boot."""
    yield service_path(container)
    if pulls(container):
        yield pull_path(container)
    if container.secret_environment:
        yield secrets_path(container)
    if container.engine == "quadlet":
        yield quadlet_path(container)
    elif container.engine == "lxc":
        yield lxc_config_path(container)


def service_path(container: Container) -> str:
    return f"{UNIT_DIRECTORY}/{container.name}.service"


def pull_unit(container: Container) -> str:
    return f"{container.name}-pull.service"


def pull_path(container: Container) -> str:
    return f"{UNIT_DIRECTORY}/{pull_unit(container)}"


def quadlet_path(container: Container) -> str:
    return f"{QUADLET_DIRECTORY}/{container.name}.container"


def lxc_config_path(container: Container) -> str:
    return f"{LXC_DIRECTORY}/{container.name}/config"


def pulls(container: Container) -> bool:
    return container.image is not None and container.pull != "never"


def secrets_path(container: Container) -> str:
    return f"{SECRETS_DIRECTORY}/{container.name}.env"


def tree_of(container: Container) -> str:
    """Where the file tree of a container without image engine is; each image has a place of its own."""
    if container.root is not None:
        return container.root
    return f"{unpacked_at(container)}/bundle/rootfs"


def unpacked_at(container: Container) -> str:
    import hashlib

    exact = parse(container.image or "").exact
    return f"{TREES_DIRECTORY}/{container.name}-{hashlib.sha256(exact.encode()).hexdigest()[:12]}"
