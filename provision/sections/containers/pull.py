"""The unit that gets a container's image, before it starts and apart from it."""

from __future__ import annotations

from collections.abc import Iterator

from provision.sections.containers.engines import keeps_images
from provision.sections.containers.images import parse
from provision.sections.containers.paths import unpacked_at
from provision.sections.containers.service import command_lines, section
from provision.sections.containers.types import Container
from provision.sections.unit_words import single

RETRY_S = 10

# The image is the script's first argument, so nothing in its name is shell.
PROGRAMS = {
    "docker": ('/usr/bin/docker image inspect "$1" >/dev/null 2>&1', '/usr/bin/docker pull "$1"'),
    "podman": ('/usr/bin/podman image exists "$1"', '/usr/bin/podman pull "$1"'),
}


def pull_text(container: Container) -> str:
    """Tries until it has the image: a unit that failed would take the start of the container with it."""
    engine = "podman" if container.engine == "quadlet" else container.engine
    lines = list(_image_lines(container, engine) if keeps_images(container) else _tree_lines(container))
    conditions = [] if keeps_images(container) else [f"ConditionPathExists=!{single(unpacked_at(container))}"]
    requires = ["Requires=docker.service"] if engine == "docker" else []
    after = "network-online.target" + (" docker.service" if engine == "docker" else "")
    unit = [
        f"Description=Image of container {single(container.name)}",
        *requires,
        "Wants=network-online.target",
        f"After={after}",
        *conditions,
    ]
    service = ["Type=oneshot", "RemainAfterExit=yes", "TimeoutStartSec=infinity", *lines]
    return section("Unit", unit) + "\n" + section("Service", service)


def _image_lines(container: Container, engine: str) -> Iterator[str]:
    there, get = PROGRAMS[engine]
    first, second = (get, there) if container.pull == "always" else (there, get)
    script = f"until {first} || {second}; do sleep {RETRY_S}; done"
    yield command_lines("ExecStart=", ("/bin/sh", "-c", script, "pull", container.image or ""))


def _tree_lines(container: Container) -> Iterator[str]:
    """Made beside its place and renamed there at the end: a tree that is there is whole."""
    done = unpacked_at(container)
    part = f"{done}.part"
    script = f'until /usr/bin/skopeo copy "docker://$1" "oci:$2:image"; do sleep {RETRY_S}; done'
    yield command_lines("ExecStartPre=", ("/bin/rm", "-rf", part))
    exact = parse(container.image or "").exact
    yield command_lines("ExecStart=", ("/bin/sh", "-c", script, "pull", exact, f"{part}/oci"))
    yield command_lines(
        "ExecStart=", ("/usr/bin/umoci", "unpack", "--image", f"{part}/oci:image", f"{part}/bundle")
    )
    yield command_lines("ExecStart=", ("/bin/rm", "-rf", f"{part}/oci"))
    yield command_lines("ExecStart=", ("/bin/mv", "-T", part, done))
