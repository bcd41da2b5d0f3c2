"""A change of the files takes effect by itself, soon and as a whole; a broken file changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provision.findings import Finding
from pxeserver.inventory.watch import InventoryWatcher, LiveInventory
from pxeserver.render.check import check_machines, example_surroundings
from tests.unit.inventory.directory import GOOD, write

pytestmark = pytest.mark.long

SOON_S = 2.0  # what is promised


@dataclass
class Watched:
    folder: Path
    inventory: LiveInventory
    reports: list[tuple[Finding, ...]] = field(default_factory=list)

    def wait(self, condition: Callable[[], bool]) -> None:
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < SOON_S, self.reports
            time.sleep(0.01)

    @property
    def names(self) -> set[str]:
        return set(self.inventory.index.machines)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A directory behind a link, as tools that deploy from git make it."""
    write(tmp_path / "first", GOOD)
    (tmp_path / "data").symlink_to("first")
    reports: list[tuple[Finding, ...]] = []
    surroundings = example_surroundings({}, {})
    inventory = LiveInventory(
        tmp_path / "data", lambda index: check_machines(index, surroundings), reports.append
    )
    inventory.reload()
    watcher = InventoryWatcher(tmp_path / "data", inventory)
    watcher.start()
    yield Watched(tmp_path, inventory, reports)
    watcher.stop()


def test_a_new_file_counts_soon(watched: Watched) -> None:
    write(watched.folder / "data", {"machines/node2.yaml": "mac: 52:54:00:77:00:02\n"})

    watched.wait(lambda: watched.names == {"node1", "node2"})


def test_a_file_written_beside_and_renamed_counts_soon(watched: Watched) -> None:
    write(watched.folder / "data", {"configs/.node.yaml.new": "hostname: renamed\n"})
    (watched.folder / "data/configs/.node.yaml.new").rename(watched.folder / "data/configs/node.yaml")

    watched.wait(lambda: watched.inventory.index.configs["node.yaml"].text == "hostname: renamed\n")


def test_a_removed_file_counts_soon(watched: Watched) -> None:
    (watched.folder / "data/machines/node1.yaml").unlink()

    watched.wait(lambda: watched.names == set())


def test_a_folder_made_later_is_watched(watched: Watched) -> None:
    (watched.folder / "data/machines/node1.yaml").unlink()
    (watched.folder / "data/machines").rmdir()
    watched.wait(lambda: watched.names == set())
    write(watched.folder / "data", {"machines/node3.yaml": "mac: 52:54:00:77:00:03\n"})

    watched.wait(lambda: watched.names == {"node3"})


def test_a_link_that_leads_to_another_directory_counts_soon(watched: Watched) -> None:
    write(watched.folder / "second", {**GOOD, "machines/node4.yaml": "mac: 52:54:00:77:00:04\n"})
    (watched.folder / "new").symlink_to("second")
    (watched.folder / "new").rename(watched.folder / "data")

    watched.wait(lambda: watched.names == {"node1", "node4"})


def test_a_broken_file_keeps_the_last_good_index_and_is_counted(watched: Watched) -> None:
    good = watched.inventory.index
    write(watched.folder / "data", {"machines/node1.yaml": "mac: nonsense\n"})
    watched.wait(lambda: watched.inventory.failed_reloads == 1)

    assert watched.inventory.index is good
    assert [finding.code for finding in watched.reports[-1]] == ["wrong-value"]

    write(watched.folder / "data", {"machines/node1.yaml": "mac: 52:54:00:77:00:05\n"})
    watched.wait(lambda: "52:54:00:77:00:05" in watched.inventory.index.by_mac)

    assert (watched.inventory.failed_reloads, watched.inventory.findings) == (1, ())


def test_a_template_that_breaks_one_machine_keeps_the_last_good_index(watched: Watched) -> None:
    good = watched.inventory.index
    write(watched.folder / "data", {"configs/node.yaml": "hostname: {{ vars.nope }}\n"})
    watched.wait(lambda: watched.inventory.failed_reloads == 1)

    assert watched.inventory.index is good
