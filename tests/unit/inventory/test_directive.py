"""What the operator wants of a machine: its own word, its group's, the settings'."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.boot.policy import Arming, BootMode, Verdict
from pxeserver.inventory.directive import Defaults, directive
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.model import Index, Labels
from tests.unit.inventory.directory import write

STRANGER = "52:54:00:99:99:99"
FILES = {
    "configs/node.yaml": "hostname: x\n",
    "profiles/node.yaml": "image: debian-12\nconfig: node.yaml\n",
    "profiles/secure.yaml": "image: debian-12\nconfig: node.yaml\nloader: shim\n",
    "groups/once.yaml": "profile: secure\nboot: once\nselector: {mac: '52:54:00:77:00:01'}\n",
    "groups/plain.yaml": "profile: node\nselector: {mac: '52:54:00:77:00:02'}\n",
    "machines/node2.yaml": "mac: '52:54:00:77:00:02'\nboot: never\n",
    "machines/node3.yaml": "mac: '52:54:00:77:00:03'\n",
}


def index(tmp_path: Path, **more: str) -> Index:
    write(tmp_path, {**FILES, **{name.replace("__", "/") + ".yaml": text for name, text in more.items()}})
    inventory = read_inventory(tmp_path)
    assert inventory.index is not None, inventory.findings
    return inventory.index


def test_the_group_says_how_to_boot_and_the_profile_by_which_loader(tmp_path: Path) -> None:
    found = directive(index(tmp_path), Labels("52:54:00:77:00:01"), None, Defaults(loader="grub"))

    assert (found.mode, found.permission.verdict, found.loader) == (BootMode.ONCE, Verdict.NETWORK, "shim")


def test_the_machine_wins_over_its_group_and_the_settings_say_the_loader(tmp_path: Path) -> None:
    found = directive(index(tmp_path), Labels("52:54:00:77:00:02"), Arming.ARMED, Defaults(loader="grub"))

    assert (found.mode, found.permission.verdict, found.loader) == (BootMode.NEVER, Verdict.SILENCE, "grub")


def test_a_stranger_is_shown_why_unless_strangers_are_ignored(tmp_path: Path) -> None:
    inventory = index(tmp_path)

    shown = directive(inventory, Labels(STRANGER), None, Defaults())
    ignored = directive(inventory, Labels(STRANGER), None, Defaults(ignores_unknown=True))

    assert shown.permission.verdict is Verdict.NETWORK
    assert ignored.permission.verdict is Verdict.SILENCE
    assert ignored.permission.reason.startswith("no group matches 52:54:00:99:99:99")


def test_a_group_without_a_selector_takes_strangers_in(tmp_path: Path) -> None:
    found = directive(
        index(tmp_path, groups__enrol="profile: node\nboot: once\n"),
        Labels(STRANGER),
        None,
        Defaults(ignores_unknown=True),
    )

    assert (found.mode, found.permission.verdict) == (BootMode.ONCE, Verdict.NETWORK)


@pytest.mark.parametrize("strangers", [True, False])
def test_a_machine_with_a_file_but_no_group_is_never_a_stranger(tmp_path: Path, strangers: bool) -> None:
    found = directive(index(tmp_path), Labels("52:54:00:77:00:03"), None, Defaults(ignores_unknown=strangers))

    assert found.permission.verdict is Verdict.NETWORK


def test_a_machine_that_has_not_said_its_serial_number_yet_is_answered_and_refused_once_it_has(
    tmp_path: Path,
) -> None:
    inventory = index(tmp_path, groups__serial="profile: node\nselector: {serial: S1}\n")
    ignoring = Defaults(ignores_unknown=True)

    at_dhcp = directive(inventory, Labels(STRANGER), None, ignoring)
    at_script = directive(inventory, Labels(STRANGER, serial="S2"), None, ignoring)

    assert (at_dhcp.permission.verdict, at_script.permission.verdict) == (Verdict.NETWORK, Verdict.SILENCE)


@pytest.mark.parametrize(
    ("file", "text", "finding"),
    [
        ("groups__g", "profile: node\nboot: allways\n", "expected 'always' or 'local' or 'never' or 'once'"),
        ("profiles__p", "image: i\nconfig: node.yaml\nloader: ../x.efi\n", "leads out of the served folder"),
        ("profiles__p", "image: i\nconfig: node.yaml\nloader: http://a/ b.efi\n", "holds a blank"),
    ],
)
def test_a_wrong_field_is_a_finding(tmp_path: Path, file: str, text: str, finding: str) -> None:
    write(tmp_path, {**FILES, file.replace("__", "/") + ".yaml": text})

    (found,) = read_inventory(tmp_path).findings

    assert finding in found.message
