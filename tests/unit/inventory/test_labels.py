"""What operators write and what machines say is compared in one spelling; what thousands say selects nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.inventory.labels import normal_label
from pxeserver.inventory.model import Index, Labels
from pxeserver.inventory.select import NoMatch, Selection, Tie, select
from tests.unit.inventory.directory import index_of, read

MAC = "52:54:00:77:00:99"
UUID = "4c4c4544-0042-3510-8052-b4c04f4e4d31"


def groups(folder: Path, **selectors: str) -> Index:
    """One group for each selector, and none for everybody."""
    files = {f"groups__{name}": f"profile: node\nselector: {text}\n" for name, text in selectors.items()}
    return index_of(folder, **{"groups__nodes": "profile: node\nselector: {serial: nobody}\n", **files})


def chosen(index: Index, **said: object) -> str:
    selection = select(index, Labels(mac=MAC, **said))  # type: ignore[arg-type]
    return selection.group.name if isinstance(selection, Selection) else type(selection).__name__


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        pytest.param("{mac: 52-54-0-77-0-99}", {}, id="a MAC address without leading zeros"),
        pytest.param(f"{{uuid: '{{{UUID.upper()}}}'}}", {"uuid": UUID}, id="a UUID in braces"),
        pytest.param(
            f"{{uuid: {UUID.replace('-', '')}}}", {"uuid": UUID.upper()}, id="a UUID without hyphens"
        ),
        pytest.param("{serial: 0042}", {"serial": " 0042 "}, id="a serial number with zeros in front"),
        pytest.param("{serial: 42}", {"serial": "42"}, id="a serial number that is a number"),
        pytest.param("{asset: IT-7}", {"others": {"asset": "it-7"}}, id="case"),
        pytest.param("{arch: amd64}", {"arch": "x86_64"}, id="another word for an architecture"),
        pytest.param(
            "{hostname: Node9}", {"others": {"hostname": "node9"}}, id="the name that a stranger says it has"
        ),
        pytest.param("{product: PowerEdge R640}", {"others": {"product": "PowerEdge  R640"}}, id="spaces"),
        pytest.param("{labels: {rack: A1}}", {"others": {"rack": "a1"}}, id="a label of the operator's own"),
        pytest.param("{subnet: 10.1.2.0/24}", {"address": "10.1.2.77"}, id="the network it asks from"),
        pytest.param("{subnet: 'fd00:1::/64'}", {"address": "fd00:1::77"}, id="an IPv6 network"),
    ],
)
def test_every_spelling_of_a_label_selects(tmp_path: Path, selector: str, said: dict[str, object]) -> None:
    assert chosen(groups(tmp_path, it=selector), **said) == "it"


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        pytest.param("{serial: S1}", {}, id="nothing said"),
        pytest.param("{serial: 0042}", {"serial": "42"}, id="zeros in front mean something"),
        pytest.param("{subnet: 10.1.2.0/24}", {"address": "10.1.3.1"}, id="another network"),
        pytest.param("{subnet: 'fd00::/64'}", {"address": "10.1.2.3"}, id="another kind of address"),
        pytest.param("{subnet: 10.1.2.0/24}", {}, id="no address"),
        pytest.param("{serial: S1, arch: arm64}", {"serial": "S1", "arch": "x86_64"}, id="only one is true"),
        pytest.param("{known: true}", {}, id="a stranger"),
        pytest.param("{known: true, serial: S1}", {"serial": "S1"}, id="a stranger with the label"),
    ],
)
def test_a_machine_that_lacks_one_label_is_not_taken(
    tmp_path: Path, selector: str, said: dict[str, object]
) -> None:
    assert chosen(groups(tmp_path, it=selector), **said) == NoMatch.__name__


@pytest.mark.parametrize(
    "uuid", ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]
)
def test_a_uuid_that_thousands_of_boards_have_is_none(uuid: str) -> None:
    assert normal_label("uuid", uuid) == ""


@pytest.mark.parametrize("text", ["To Be Filled By O.E.M.", "Default string", "none", " 0123456789 "])
def test_a_serial_number_that_nobody_filled_in_is_none(text: str) -> None:
    assert (normal_label("serial", text), normal_label("asset", text)) == ("", "")
    assert normal_label("product", text) != ""


@pytest.mark.parametrize(
    ("selector", "finding"),
    [
        pytest.param(
            "{uuid: 00000000-0000-0000-0000-000000000000}",
            "thousands of machines have '00000000-0000-0000-0000-000000000000'",
            id="junk UUID",
        ),
        pytest.param("{serial: Default string}", "thousands of machines have 'Default string'", id="junk"),
        pytest.param("{subnet: 10.1.2.3/24}", "no network: 10.1.2.3/24 has host bits set", id="no network"),
        pytest.param("{labels: {serial: S1}}", "'serial' belongs into the selector itself", id="own label"),
        pytest.param("{labels: {Rack: a1}}", "'Rack' cannot name a label", id="capital letter"),
        pytest.param("{labels: {rack: ''}}", "empty", id="empty"),
    ],
)
def test_a_selector_that_could_select_anybody_or_nobody_is_refused(
    tmp_path: Path, selector: str, finding: str
) -> None:
    (found,) = read(tmp_path, groups__it=f"profile: node\nselector: {selector}\n").findings

    assert (found.message, found.line) == (finding, 2)


def test_the_smaller_network_wins_and_other_labels_as_many_are_a_tie(tmp_path: Path) -> None:
    networks = groups(tmp_path / "a", rack="{subnet: 10.1.2.0/24}", site="{subnet: 10.1.0.0/16}")
    mixed = groups(tmp_path / "b", rack="{subnet: 10.1.2.0/24}", arm="{arch: arm64}")

    assert chosen(networks, address="10.1.2.3") == "rack"
    assert chosen(networks, address="10.1.3.3") == "site"
    assert chosen(mixed, address="10.1.2.3", arch="arm64") == Tie.__name__
    assert chosen(mixed, address="10.1.2.3", arch="x86_64") == "rack"


def test_known_machines_prefer_the_group_for_them_and_labels_come_first(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        groups__nodes="profile: node\n",
        groups__ours="profile: node\nselector: {known: true}\n",
        groups__arm="profile: node\nselector: {arch: arm64}\n",
    )
    known = Labels(mac="52:54:00:77:00:01")

    def name(labels: Labels) -> str:
        selection = select(index, labels)
        assert isinstance(selection, Selection)
        return selection.group.name

    assert name(known) == "ours"
    assert name(Labels(mac=known.mac, arch="arm64")) == "arm"
    assert name(Labels(mac=MAC)) == "nodes"


def test_a_cluster_that_takes_strangers_without_a_word_is_warned_of(tmp_path: Path) -> None:
    def codes(name: str, selector: str) -> list[tuple[str, str, int]]:
        found = read(tmp_path / name, groups__nodes=f"profile: node\netcd: {{size: 3}}\n{selector}").findings
        return [(finding.severity.value, finding.code, finding.line) for finding in found]

    assert codes("a", "") == [("warning", "etcd-takes-all", 2)]
    assert codes("b", "selector: {known: true}\n") == []
    assert codes("c", "selector: {known: false}\n") == []
    assert codes("d", "selector: {arch: x86_64}\n") == []
