"""Data directories for tests, written as {path: text}."""

from __future__ import annotations

from pathlib import Path

from pxeserver.inventory.files import Inventory, read_inventory
from pxeserver.inventory.model import Index

GOOD = {
    "profiles/node.yaml": "image: debian-12\nconfig: node.yaml\n",
    "groups/nodes.yaml": "profile: node\n",
    "machines/node1.yaml": 'mac: "52:54:00:77:00:01"\naddress: 10.77.0.11\n',
    "configs/node.yaml": "hostname: {{ machine.hostname }}\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def read(folder: Path, **changes: str) -> Inventory:
    """The inventory of GOOD with some files changed or added; `groups__nodes` is groups/nodes.yaml."""
    changed = {f"{name.replace('__', '/')}.yaml": text for name, text in changes.items()}
    write(folder, {**GOOD, **changed})
    return read_inventory(folder)


def index_of(folder: Path, **changes: str) -> Index:
    inventory = read(folder, **changes)
    assert inventory.index is not None, inventory.findings
    return inventory.index
