"""A data directory of machines that boot the same image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path

from pxeserver.images.manifest import Manifest, describe_file, write_manifest

MACHINES = 200
FILES = {
    "pxeserver.yaml": "dhcp: {mode: off}\n",
    "profiles/node.yaml": "image: big\nconfig: node.yaml\n",
    "groups/nodes.yaml": "profile: node\n",
    "configs/node.yaml": "hostname: {{ machine.hostname }}\n",
}


def macs() -> Iterator[str]:
    """The machines' addresses, again and again."""
    return cycle(
        [f"52:54:00:77:{number >> 8:02x}:{number & 255:02x}" for number in islice(count(), MACHINES)]
    )


def write_machines(data: Path) -> None:
    files = dict(FILES)
    for number, mac in enumerate(islice(macs(), MACHINES)):
        files[f"machines/node{number}.yaml"] = f'mac: "{mac}"\naddress: 10.77.0.{number + 20}\n'
    for name, text in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)


def write_image(images: Path, root_bytes: int) -> Manifest:
    folder = images / "big"
    folder.mkdir(parents=True)
    for name, size in (("vmlinuz", 1000), ("initrd.img", 1000), ("root", root_bytes)):
        (folder / name).write_bytes(os.urandom(size))
    kernel, initrd, root = (describe_file(folder / name) for name in ("vmlinuz", "initrd.img", "root"))
    manifest = Manifest("big", "1", "amd64", (), kernel, initrd, root)
    write_manifest(folder, manifest)
    return manifest
