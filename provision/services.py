"""The agent's units, and how they come onto a machine whose image is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from provision.errors import ProvisionError
from provision.execute.target import Target

BOOT_FILES = Path(__file__).parent / "boot"
UNITS = "/etc/systemd/system"
# DHCP on whatever has no network of its own yet. A later name wins over none: those of configs are 10-….
NETWORKS = "/etc/systemd/network"
ENABLED = (
    "provision-join.service",
    "provision-network.service",
    "provision-ssh-keys.service",
    "provision-start.service",
    "provision.service",
)
WANTED_BY = re.compile(r"^WantedBy=(\S+)$", re.MULTILINE)


def install(root: Path) -> list[str]:
    """Writes the units below `root` and enables them, as `systemctl enable` would; gives the paths."""
    made: list[str] = []
    try:
        with Target(root) as target:
            for path, content in files():
                target.make_parents(path)
                target.commit([target.stage_file(path, content, mode=0o644)])
                made.append(path)
            for link, points_to in links():
                target.make_parents(link)
                if target.readlink(link) != points_to:
                    target.symlink(link, points_to)
                made.append(link)
    except OSError as error:
        raise ProvisionError(f"cannot write below {root}: {error.strerror}", hint="run it as root") from error
    return made


def files() -> Iterator[tuple[str, bytes]]:
    for name in ENABLED:
        yield f"{UNITS}/{name}", (BOOT_FILES / name).read_bytes()
    for network in sorted(BOOT_FILES.glob("*.network")):
        yield f"{NETWORKS}/{network.name}", network.read_bytes()


def links() -> Iterator[tuple[str, str]]:
    for name in ENABLED:
        for wanting in WANTED_BY.findall((BOOT_FILES / name).read_text()):
            yield f"{UNITS}/{wanting}.wants/{name}", f"{UNITS}/{name}"
