"""From a data directory to an index, or to findings that name file, line and column."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.model import Machine, normal_mac
from tests.unit.inventory.directory import index_of, read


def places(folder: Path, **changes: str) -> list[str]:
    """The findings as `file:line:column message`, file relative to the directory."""
    findings = read(folder, **changes).findings
    return [
        f"{Path(f.file).relative_to(folder)}:{f.line}:{f.column} {f.message}"
        + (f" ({f.hint})" if f.hint else "")
        for f in findings
    ]


def test_a_machine_is_named_after_its_file(tmp_path: Path) -> None:
    index = index_of(tmp_path)

    assert index.by_mac["52:54:00:77:00:01"] == Machine(
        name="node1",
        file=str(tmp_path / "machines/node1.yaml"),
        mac="52:54:00:77:00:01",
        hostname="node1",
        address=IPv4Address("10.77.0.11"),
    )


def test_a_mac_address_that_yaml_takes_for_a_number_is_read_as_written(tmp_path: Path) -> None:
    index = index_of(tmp_path, machines__node1="mac: 52:54:00:12:34:56\n")

    assert index.machines["node1"].mac == "52:54:00:12:34:56"


def test_variables_are_not_what_yaml_takes_them_for(tmp_path: Path) -> None:
    index = index_of(
        tmp_path, machines__node1="mac: 52:54:00:12:34:56\nvars: {peer: 52:54:00:12:34:56, mode: 0644}\n"
    )

    assert index.machines["node1"].vars == {"peer": "52:54:00:12:34:56", "mode": "0644"}


@pytest.mark.parametrize(
    ("file", "text", "finding"),
    [
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\nhostnam: x\n",
            "machines/node1.yaml:2:1 unknown key 'hostnam' (did you mean 'hostname'?)",
            id="unknown key",
        ),
        pytest.param(
            "machines__node1",
            "hostname: x\n",
            "machines/node1.yaml:1:1 'mac' is missing",
            id="missing key",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00\n",
            "machines/node1.yaml:1:6 '52:54:00:77:00' is not a MAC address (like 52:54:00:12:34:56)",
            id="half a MAC address",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\nmac: 52:54:00:77:00:02\n",
            "machines/node1.yaml:2:1 key 'mac' is there twice, first in line 1",
            id="duplicate key",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\nvars:\n  a: 1\n  a: 2\n",
            "machines/node1.yaml:4:3 key 'a' is there twice, first in line 3",
            id="duplicate key further down",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\naddress: 10.77.0.11/24\n",
            "machines/node1.yaml:2:10 '10.77.0.11/24' is not an IPv4 address (without a prefix length)",
            id="address with prefix",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\nhostname: a_b\n",
            "machines/node1.yaml:2:11 'a_b' is not a host name (RFC 1123)",
            id="no host name",
        ),
        pytest.param(
            "machines__node1",
            "mac: 52:54:00:77:00:01\ngroup: node\n",
            "machines/node1.yaml:2:8 there is no 'node' in groups/ (did you mean 'nodes'?)",
            id="group that is not there",
        ),
        pytest.param(
            "groups__nodes",
            "profile: nod\n",
            "groups/nodes.yaml:1:10 there is no 'nod' in profiles/ (did you mean 'node'?)",
            id="profile that is not there",
        ),
        pytest.param(
            "groups__nodes",
            "profile: node\netcd: {size: 0}\n",
            "groups/nodes.yaml:2:14 0 is less than 1",
            id="a cluster of nobody",
        ),
        pytest.param(
            "groups__nodes",
            "profile: node\nselector: {}\n",
            "groups/nodes.yaml:2:1 empty (leave it out to select every machine)",
            id="empty selector",
        ),
        pytest.param(
            "groups__nodes",
            "profile: node\nselector: {serial: ''}\n",
            "groups/nodes.yaml:2:20 empty (machines that do not say it would match)",
            id="label without a value",
        ),
        pytest.param(
            "groups__nodes",
            "profile: node\nselector: {rack: a}\n",
            "groups/nodes.yaml:2:12 unknown key 'rack' (known here: mac, uuid, serial, asset, "
            "hostname, arch, platform, manufacturer, product, subnet, labels, known)",
            id="label that machines do not have",
        ),
        pytest.param(
            "profiles__node",
            "image: debian-12\nconfig: nodes.yaml\n",
            "profiles/node.yaml:2:9 there is no 'nodes.yaml' in configs/ (did you mean 'node.yaml'?)",
            id="config that is not there",
        ),
        pytest.param(
            "profiles__node",
            "image: debian-12\nconfig: node.yaml\nkernel_args: [quiet, '${x}']\n",
            "profiles/node.yaml:3:22 kernel argument: '${x}' holds '${', which iPXE expands",
            id="kernel argument that iPXE would change",
        ),
        pytest.param(
            "profiles__node",
            "- a list\n",
            "profiles/node.yaml:1:1 a profile is a mapping (it begins with `image:`)",
            id="a list",
        ),
    ],
)
def test_what_is_wrong_is_found_where_it_is(tmp_path: Path, file: str, text: str, finding: str) -> None:
    assert finding in places(tmp_path, **{file: text})


def test_broken_yaml_is_a_finding_with_its_line(tmp_path: Path) -> None:
    (found,) = read(tmp_path, machines__node2="mac: [1\nhostname: x\n").findings

    assert (found.code, found.line) == ("yaml", 2)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("mac: 52-54-00-77-00-01\n", "mac 52:54:00:77:00:01", id="same MAC, other spelling"),
        pytest.param("mac: 52:54:00:77:00:02\naddress: 10.77.0.11\n", "address 10.77.0.11", id="address"),
        pytest.param("mac: 52:54:00:77:00:02\nhostname: node1\n", "hostname node1", id="name"),
    ],
)
def test_two_machines_with_the_same_value_are_refused_naming_both_files(
    tmp_path: Path, text: str, what: str
) -> None:
    (found,) = read(tmp_path, machines__node2=text).findings

    assert found.file.endswith("machines/node2.yaml")
    assert found.message == f"{what} is also that of {tmp_path}/machines/node1.yaml"


def test_one_finding_is_enough_for_no_index_at_all(tmp_path: Path) -> None:
    assert read(tmp_path, machines__node2="{}\n").index is None


def test_a_file_that_would_be_passed_over_by_its_name_is_reported(tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "node9.yml").write_text("mac: 52:54:00:77:00:09\n")

    assert "machines/node9.yml:1:1 the name ends in .yml; write .yaml" in places(tmp_path)


def test_a_directory_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    (found,) = read_inventory(tmp_path / "none").findings

    assert found.message == "no such directory"


@pytest.mark.parametrize(
    "text", ["52:54:00:77:00:0A", "52-54-00-77-00-0a", "52540077000a", "52:54:0:77:0:a", "5254.0077.000A"]
)
def test_mac_addresses_are_known_in_every_usual_spelling(text: str) -> None:
    assert normal_mac(text) == "52:54:00:77:00:0a"


@pytest.mark.parametrize("text", ["", "52:54:00:77:00", "52:54:00:77:00:0g", "52:54:00:77:00:01:02"])
def test_what_is_no_mac_address_is_none(text: str) -> None:
    assert normal_mac(text) is None
