"""Which group a machine belongs to."""

from __future__ import annotations

from pathlib import Path

from pxeserver.inventory.model import Index, Labels
from pxeserver.inventory.select import NoMatch, Selection, Tie, select
from tests.unit.inventory.directory import index_of

KNOWN = Labels(mac="52:54:00:77:00:01", uuid="AB-1", serial="S1", arch="x86_64")
STRANGER = Labels(mac="52:54:00:77:00:99", serial="S9", arch="arm64")


def group_of(index: Index, labels: Labels) -> str:
    selection = select(index, labels)
    assert isinstance(selection, Selection), selection
    return selection.group.name


def test_a_group_without_a_selector_takes_every_machine(tmp_path: Path) -> None:
    selection = select(index_of(tmp_path), STRANGER)

    assert isinstance(selection, Selection)
    assert (selection.machine, selection.group.name, selection.profile.name) == (None, "nodes", "node")


def test_the_most_specific_selector_wins(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        groups__arm="profile: node\nselector: {arch: arm64}\n",
        groups__one="profile: node\nselector: {arch: arm64, serial: S9}\n",
    )

    assert group_of(index, STRANGER) == "one"
    assert group_of(index, Labels(mac=STRANGER.mac, serial="S8", arch="arm64")) == "arm"
    assert group_of(index, KNOWN) == "nodes"


def test_the_group_a_machine_names_wins_over_all_selectors(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        groups__named="profile: node\nselector: {serial: another}\n",
        groups__exact="profile: node\nselector: {mac: 52-54-00-77-00-01, serial: S1}\n",
        machines__node1="mac: 52:54:00:77:00:01\ngroup: named\n",
    )

    assert group_of(index, KNOWN) == "named"


def test_a_host_name_selects_only_machines_with_a_file(tmp_path: Path) -> None:
    index = index_of(tmp_path, groups__first="profile: node\nselector: {hostname: node1}\n")

    assert group_of(index, KNOWN) == "first"
    assert group_of(index, STRANGER) == "nodes"


def test_uuids_are_compared_without_regard_to_case(tmp_path: Path) -> None:
    index = index_of(tmp_path, groups__exact="profile: node\nselector: {uuid: Ab-1}\n")

    assert group_of(index, KNOWN) == "exact"


def test_a_tie_is_refused_naming_both_files(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        groups__by_arch="profile: node\nselector: {arch: arm64}\n",
        groups__by_serial="profile: node\nselector: {serial: S9}\n",
    )

    tie = select(index, STRANGER)

    assert isinstance(tie, Tie)
    assert tie.files == (f"{tmp_path}/groups/by_arch.yaml", f"{tmp_path}/groups/by_serial.yaml")


def test_no_match_says_what_to_do(tmp_path: Path) -> None:
    index = index_of(tmp_path, groups__nodes="profile: node\nselector: {serial: S1}\n")

    stranger = select(index, STRANGER)
    nothing = select(Index(), STRANGER)

    assert isinstance(stranger, NoMatch)
    assert stranger.reason == (
        "no group matches 52:54:00:77:00:99: add a file with this mac to machines/, "
        "or a group with a selector for it"
    )
    assert isinstance(nothing, NoMatch)
    assert nothing.reason == "no group matches 52:54:00:77:00:99: the inventory has no groups"
