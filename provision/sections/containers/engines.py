"""Which engine can do what: the rules that the check tells and the renderers rely on."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from provision.findings import Place, Problem, error, note, warning
from provision.sections.containers.images import parse
from provision.sections.containers.types import Container
from provision.variables import has_variable

# They keep images themselves; the others run what is in a directory.
IMAGE_ENGINES = ("docker", "podman", "quadlet")
HOST_NETWORK_ENGINES = ("nspawn", "directory")


class Lack(Struct, frozen=True):
    """What was asked for and this engine has not."""

    place: Place
    reason: str
    hint: str | None = None


def keeps_images(container: Container) -> bool:
    return container.engine in IMAGE_ENGINES


def network_of(container: Container) -> str:
    if container.network is not None:
        return container.network
    return "host" if container.engine in HOST_NETWORK_ENGINES else "bridge"


def check_engine(container: Container, place: Place) -> Iterator[Problem]:
    lacks = _image_engine_lacks(container) if keeps_images(container) else _tree_engine_lacks(container)
    for lack in lacks:
        yield error("container-engine", (*place, *lack.place), lack.reason, lack.hint)
    if container.engine == "quadlet":
        message = "quadlet needs podman 4.4 or newer; Debian 12 has 4.3.1"
        yield note("container-quadlet", (*place, "engine"), message, "`engine: podman` runs on both")
    if container.engine in ("podman", "quadlet") and container.image and not has_variable(container.image):
        yield from _check_registry(container.image, (*place, "image"))


def _check_registry(image: str, place: Place) -> Iterator[Problem]:
    reference = parse(image)
    if not reference.has_registry:
        name = reference.name if "/" in reference.name else f"library/{reference.name}"
        message = "podman has no registry of its own where a name without one is looked up"
        yield warning("image-registry", place, message, f"write docker.io/{name} if it is from there")


def _image_engine_lacks(container: Container) -> Iterator[Lack]:
    engine = container.engine
    if container.root is not None:
        yield Lack(
            ("root",),
            f"{engine} runs images, not directory trees",
            "engines with trees: nspawn, lxc, directory",
        )
    if network_of(container) in ("host", "none") and container.ports:
        network = network_of(container)
        yield Lack(
            ("ports",), f"with `network: {network}` no port of the machine can lead into the container"
        )


def _tree_engine_lacks(container: Container) -> Iterator[Lack]:
    engine = container.engine
    if container.health is not None:
        yield Lack(("health",), f"{engine} has no health checks")
    if container.image is not None and not container.command:
        yield Lack(("image",), f"{engine} does not know what an image runs by itself", "add `command`")
    if container.image is not None and container.pull != "missing":
        yield Lack(
            ("pull",), f"{engine} unpacks an image once", "use `root` for a tree that is there already"
        )
    for index, volume in enumerate(container.volumes):
        if not volume.source.startswith("/") and not has_variable(volume.source):
            reason = f"{engine} has no named volumes; the source must be an absolute path"
            yield Lack(("volumes", index, "source"), reason)
    if network_of(container) not in ("bridge", "host", "none") and not has_variable(network_of(container)):
        yield Lack(("network",), f"{engine} has no named networks", "bridge, host or none")
    yield from _OWN_LACKS[engine](container)


def _nspawn_lacks(container: Container) -> Iterator[Lack]:
    if container.ports and network_of(container) != "bridge":
        yield Lack(
            ("ports",), "nspawn leads ports only into a network of the container's own", "network: bridge"
        )
    for index, port in enumerate(container.ports):
        if port.address is not None:
            yield Lack(("ports", index, "address"), "nspawn opens a port on all addresses")


def _lxc_lacks(container: Container) -> Iterator[Lack]:
    if container.ports:
        yield Lack(("ports",), "lxc leads no ports into a container", "`network: host` shares the machine's")
    if container.capabilities.add:
        yield Lack(("capabilities", "add"), "lxc only takes capabilities away")
    if container.root is not None and container.root.endswith(".raw"):
        yield Lack(("root",), "lxc runs directories, not disk images")
    user = container.user
    if user is not None and not has_variable(user) and not user.replace(":", "").isdecimal():
        yield Lack(("user",), "lxc takes numeric ids", "for example 1000:1000")


def _directory_lacks(container: Container) -> Iterator[Lack]:
    if container.ports:
        yield Lack(("ports",), "a directory's program opens the machine's own ports", "remove `ports`")
    if network_of(container) == "bridge":
        yield Lack(("network",), "directory has no network of its own", "host or none")
    if container.root is not None and not container.command:
        yield Lack(("root",), "directory runs a program in the tree, not its init", "add `command`")
    if container.command and not _is_program(container.command[0]):
        reason = "with directory the program is an absolute path, without $"
        yield Lack(("command", 0), reason)


def _is_program(path: str) -> bool:
    """systemd.service(5): variables are not replaced in the program's path, nor is `$$` there one `$`."""
    return has_variable(path) or (path.startswith("/") and "$" not in path)


_OWN_LACKS = {"nspawn": _nspawn_lacks, "lxc": _lxc_lacks, "directory": _directory_lacks}
