"""`pxeserver explain`: the decision, its reasons, and the lines behind them."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from pxeserver.boot.events import Event, Result
from pxeserver.cli import main
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.store.contract import SeenMachine
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from tests.unit.inventory.directory import GOOD, write
from tests.unit.web.memory import NODE1, write_image

STRANGER = "52:54:00:77:00:99"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "data", GOOD)
    write(tmp_path / "data", {"pxeserver.yaml": "http_port: 8080\ndhcp:\n  mode: proxy\n"})
    write_image(tmp_path / "images" / "debian-12")
    return tmp_path


def explain(
    folder: Path, capsys: pytest.CaptureFixture[str], mac: str = NODE1, *more: str
) -> tuple[int, dict[str, Any]]:
    where = ["--data", str(folder / "data"), "--images", str(folder / "images")]
    where += ["--state", str(folder / "state"), "--address", "10.77.0.1/24", "--format", "json"]
    code = main(["explain", mac, *where, *more])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told


def told_of(told: dict[str, Any], request: str) -> dict[str, str]:
    (found,) = (answer for answer in told["answers"] if answer["request"].startswith(request))
    return dict(found)


def test_a_boot_beside_another_dhcp_server_is_told_from_first_packet_to_last_byte(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = explain(folder, capsys)

    assert [(a["where"], a["request"], a["outcome"]) for a in told["answers"]] == [
        ("port 67", "DISCOVER of firmware", "answered"),
        ("port 4011", "REQUEST of firmware", "answered"),
        ("port 69", "read snponly.efi", "answered"),
        ("port 67", "DISCOVER of ipxe", "answered"),
        ("port 8080", "GET /boot.ipxe", "answered"),
        ("port 8080", "GET /v1/boot", "answered"),
        ("port 8081", "GET vmlinuz", "answered"),
        ("port 8081", "GET root.squashfs", "answered"),
        ("port 8081", "GET initrd.img", "answered"),
        ("port 8080", "GET /v1/config/52-54-00-77-00-01", "answered"),
    ]
    assert (code, told["boots"]) == (0, True)
    assert told_of(told, "DISCOVER of firmware")["place"] == f"{folder}/data/pxeserver.yaml:3"
    assert told_of(told, "GET /v1/boot")["place"] == f"{folder}/data/profiles/node.yaml:1"
    assert told_of(told, "GET /v1/config")["place"] == f"{folder}/data/configs/node.yaml"


def test_a_reserved_address_is_explained_by_the_machines_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "data", {"pxeserver.yaml": "dhcp: {mode: full}\n"})

    _, told = explain(folder, capsys, "node1", "--arch", "0")

    lease = told_of(told, "REQUEST of firmware")
    assert lease["reason"].startswith("ACK, address 10.77.0.11, file undionly.kpxe: x86 BIOS firmware")
    assert lease["place"] == f"{folder}/data/machines/node1.yaml:2"


def test_a_lease_of_the_running_server_counts_and_none_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = "dhcp:\n  mode: full\n  pool: {first: 10.77.0.100, last: 10.77.0.100}\n"
    write(folder / "data", {"pxeserver.yaml": pool})
    (folder / "state").mkdir()
    store = SqliteStore.open(folder / "state" / DATABASE_NAME)
    lease = Lease(IPv4Address("10.77.0.100"), "52:54:00:77:00:02", LeaseState.BOUND, 2**33)
    store.save_lease(lease)

    code, told = explain(folder, capsys, STRANGER)

    ignored = told_of(told, "DISCOVER of firmware")
    assert (code, ignored["outcome"]) == (1, "ignored")
    assert ignored["reason"] == "all addresses from 10.77.0.100 to 10.77.0.100 are in use"
    assert (store.leases(), store.newest_events(9)) == ((lease,), ())
    store.close()


def test_each_group_says_why_it_is_chosen_or_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        folder / "data",
        {
            "groups/arm.yaml": "profile: node\n\nselector: {arch: arm64}\n",
            "groups/one.yaml": "profile: node\nselector:\n  serial: S9\n",
        },
    )

    _, told = explain(folder, capsys, STRANGER, "--serial", "S9")

    assert [(g["group"], g["chosen"], g["reason"], g["place"]) for g in told["groups"]] == [
        (
            "one",
            True,
            "serial is s9; no other group that matches asks for more",
            f"{folder}/data/groups/one.yaml:2",
        ),
        ("arm", False, "it asks for arch arm64; the machine has x86_64", f"{folder}/data/groups/arm.yaml:3"),
        (
            "nodes",
            False,
            "it matches as well, but one asks for more: serial is s9",
            f"{folder}/data/groups/nodes.yaml:1",
        ),
    ]


def test_a_group_that_the_machine_names_leaves_no_choice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = f'mac: "{NODE1}"\ngroup: other\n'
    write(folder / "data", {"groups/other.yaml": "profile: node\n", "machines/node1.yaml": named})

    _, told = explain(folder, capsys)

    machine = f"{folder}/data/machines/node1.yaml"
    assert [(g["group"], g["chosen"], g["reason"]) for g in told["groups"]] == [
        ("other", True, f"{machine} names it"),
        ("nodes", False, f"{machine} names other"),
    ]
    assert {g["place"] for g in told["groups"]} == {f"{machine}:2"}


def test_a_tie_names_both_files_and_nothing_boots(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "data", {"groups/other.yaml": "profile: node\n"})

    code, told = explain(folder, capsys, STRANGER)

    assert code == 1
    assert [g["chosen"] for g in told["groups"]] == [False, False]
    assert "equally specific groups match" in told["groups"][0]["reason"]
    assert told_of(told, "GET /v1/boot")["outcome"] == "refused"


def test_a_wrong_config_is_named_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "data", {"configs/node.yaml": "hostname: {{ machine.hostname }}\nhostnme: x\n"})

    where = ["--data", str(folder / "data"), "--images", str(folder / "images"), "--state", str(folder)]
    code = main(["explain", NODE1, *where, "--format", "json"])
    out, err = capsys.readouterr()
    told = json.loads(out)

    assert "a running server keeps its last good inventory" in err
    refused = told_of(told, "GET /v1/boot")
    assert (code, refused["outcome"]) == (1, "refused")
    assert f"{folder}/data/configs/node.yaml:2:1: hostnme: unknown key 'hostnme'" in refused["reason"]


def test_a_file_of_the_image_that_changed_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images/debian-12/vmlinuz").write_text("short")

    code, told = explain(folder, capsys)

    assert (code, told_of(told, "GET vmlinuz")["outcome"]) == (1, "refused")
    assert "the file has 5" in told_of(told, "GET vmlinuz")["reason"]


def test_what_the_machine_said_of_itself_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "data", {"groups/nodes.yaml": "profile: node\nselector: {serial: S1}\n"})
    (folder / "state").mkdir()
    store = SqliteStore.open(folder / "state" / DATABASE_NAME)
    store.save_seen(SeenMachine(NODE1, "", "S1", "x86_64", "10.77.0.11", 1.0))
    store.record(Event(NODE1, "script", Result.OK), at=1.0)

    assert explain(folder, capsys)[0] == 0
    assert explain(folder, capsys, NODE1, "--serial", "S2")[0] == 1
    assert [event.event.step for event in store.newest_events(9)] == ["script"]
    store.close()


def test_with_dhcp_off_another_server_is_expected_to_send_the_machine_here(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "data", {"pxeserver.yaml": "dhcp: {mode: off}\n"})

    code, told = explain(folder, capsys)

    assert (code, told_of(told, "DISCOVER of ipxe")["reason"]) == (0, "dhcp is off")


def test_the_text_shows_places_and_no_secret(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--data", str(folder / "data"), "--images", str(folder / "images")]

    assert main(["explain", "node1", *where, "--state", str(folder / "state")]) == 0

    out = capsys.readouterr().out
    assert out.startswith(f"{NODE1}, x86-64 UEFI (7)\n")
    assert out.endswith("this machine boots\n")
    assert "provision.token" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["node7"], "'node7' is neither a MAC address nor a machine"),
        ([NODE1, "--arch", "vax"], "--arch: 'vax' is none of: 0 (x86-bios), "),
        ([NODE1, "--address", "10.77"], "--address: "),
    ],
)
def test_a_wrong_question_is_a_usage_error(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code = main(["explain", *arguments, "--data", str(folder / "data"), "--state", str(folder / "state")])

    assert code == 2
    assert capsys.readouterr().err.startswith(f"pxeserver: {message}")
