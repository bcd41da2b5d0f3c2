"""A data directory of ten thousand machines: how long it takes to read, to reload, and to find a machine in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.table import Row
from pxeserver.inventory.files import InventoryReader
from pxeserver.inventory.model import Labels
from pxeserver.inventory.select import select
from pxeserver.render.check import check_machines, example_surroundings, some_machines

MACHINES = 10_000
GROUPS = 500
MATCHES = 1000
CONFIG = """hostname: {{ machine.hostname }}
users:
  - name: ops
    groups: [sudo]
files:
  - path: /etc/motd
    content: |
      {{ machine.hostname }} in slot {{ vars.slot }} of {{ group.name }}, booted by {{ server.url }}
etcd:
  discovery: {{ etcd.discovery }}
"""


def rows(place: Path, runs: int) -> Iterator[Row]:
    """Wall-clock times; medians of so many runs."""
    folder = place / "inventory"
    _write(folder)
    reader = InventoryReader(folder)
    index = reader.read().index
    assert index is not None
    what = f"inventory of {MACHINES} machines in {GROUPS} groups"
    yield _row(f"{what}: read", _median_s(lambda: InventoryReader(folder).read(), runs), 5.0, "s")
    surroundings = example_surroundings({}, {})

    def reload() -> None:
        (folder / "machines/m00007.yaml").write_text(_machine(7))
        again = reader.read().index
        assert again is not None
        check_machines(again, surroundings, some_machines(again))

    yield _row(f"{what}: one file changed", _median_s(reload, runs), 2.0, "s")
    labels = Labels("52:54:00:ff:ff:ff", serial="S1", address="10.1.2.3", others={"rack": "r7"})
    match_s = _median_s(lambda: [select(index, labels) for _ in range(MATCHES)], runs) / MATCHES
    yield _row(f"{what}: find the group of one", match_s * 1000, 1.0, "ms")


def _row(what: str, value: float, limit: float, unit: str) -> Row:
    return Row(what, f"{value:.2f} {unit}", "", value, limit, unit)


def _median_s(work: Callable[[], object], runs: int) -> float:
    return median(_time_s(work) for _ in range(runs))


def _time_s(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _write(folder: Path) -> None:
    for name in ("configs", "groups", "machines", "profiles"):
        (folder / name).mkdir(parents=True)
    (folder / "configs/node.yaml").write_text(CONFIG)
    (folder / "profiles/node.yaml").write_text("image: debian-12\nconfig: node.yaml\n")
    for number in range(GROUPS):
        text = f"profile: node\nselector: {{labels: {{rack: r{number}}}}}\netcd: {{size: 3}}\n"
        (folder / f"groups/g{number}.yaml").write_text(text)
    for number in range(MACHINES):
        (folder / f"machines/m{number:05}.yaml").write_text(_machine(number))


def _machine(number: int) -> str:
    mac = f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}"
    address = f"10.1.{number >> 8}.{number & 255}"
    group = f"g{number % GROUPS}"
    return f"mac: {mac}\naddress: {address}\ngroup: {group}\nvars: {{slot: {number}}}\n"
