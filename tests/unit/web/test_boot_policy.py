"""The policy over HTTP and TFTP: who boots, who is sent to its disk, and when a boot was the last."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from pxeserver.boot.loaders import grub
from pxeserver.boot.policy import Arming
from pxeserver.cli import main
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.leases import Lease, LeaseState
from pxeserver.server import TftpReports
from pxeserver.store.sqlite import DATABASE_NAME, SqliteStore
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.session import Outcome, TransferResult
from pxeserver.web.app import create_app
from pxeserver.web.tftp_names import TftpNames
from pxeserver.wire import Endpoint
from pxeserver.wiring import InventoryMachines, TftpPermission, TransferReports
from tests.unit.web.memory import NODE1, Control, control

ONCE = "profile: node\netcd: {size: 3}\nboot: once\n"


def report(made: Control, token: str, step: str) -> None:
    event = {"provision": 1, "machine": NODE1, "step": step, "result": "ok"}
    answer = made.client.post("/v1/events", json=event, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204


def test_a_machine_that_boots_once_is_sent_to_its_disk_after_its_last_step(tmp_path: Path) -> None:
    made = control(tmp_path, groups__nodes=ONCE)
    token = made.token()

    report(made, token, "start")
    assert "kernel --name" in made.boot(), "a member of etcd is done when it has joined"
    report(made, made.token(), "join")

    assert made.boot() == (
        "#!ipxe\necho pxeserver: not from the network: boot: once, and it is done; again: pxeserver machines arm\n"
        "exit 1\n"
    )


@pytest.mark.parametrize("mode", ["local", "never"])
def test_a_machine_that_shall_not_boot_gets_no_script_and_no_token(tmp_path: Path, mode: str) -> None:
    made = control(tmp_path, groups__nodes=f"profile: node\netcd: {{size: 3}}\nboot: {mode}\n")

    assert made.boot() == f"#!ipxe\necho pxeserver: not from the network: boot: {mode}\nexit 1\n"
    assert made.services.store.latest_boot(NODE1) is not None
    assert not made.services.store.recent_boots(NODE1, 1)[0].token_sha256


def test_arming_and_disarming_from_the_command_line_is_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore.open(tmp_path / DATABASE_NAME)

    assert main(["machines", "disarm", NODE1, "52-54-00-77-00-02", "--state", str(tmp_path)]) == 0
    assert main(["machines", "arm", NODE1, "--state", str(tmp_path)]) == 0

    assert capsys.readouterr().out == (f"{NODE1}: disarmed\n52:54:00:77:00:02: disarmed\n{NODE1}: armed\n")
    assert store.armings() == {NODE1: Arming.ARMED, "52:54:00:77:00:02": Arming.DISARMED}
    store.close()


def test_a_disarmed_machine_is_sent_to_its_disk_until_it_is_armed(tmp_path: Path) -> None:
    made = control(tmp_path)
    services = made.services

    services.store.save_arming(NODE1, Arming.DISARMED)
    services.armings.refresh()
    disarmed = made.boot()
    services.store.save_arming(NODE1, Arming.ARMED)
    services.armings.refresh()

    assert "not from the network: disarmed" in disarmed
    assert "kernel --name" in made.boot()


def test_grub_gets_the_machines_script_and_the_image_over_tftp(tmp_path: Path) -> None:
    made = control(tmp_path)
    files = TftpFiles(virtual=TftpNames(made.services))

    script = read(files, f"boot.grub/{NODE1}/x86_64/")
    kernel = script.split("linux '(tftp,10.77.0.1)")[1].partition("'")[0]

    assert "provision.token=" in script
    assert read(files, kernel) == "vmlinuz" * 1000
    reports = TftpReports(made.services, TransferReports(made.services.metrics))
    reports(sent(f"/boot.grub/{NODE1}/x86_64/"))
    reports(sent(kernel))
    assert made.steps() == [(1, "script", "ok"), (1, "kernel", "ok")]
    boot = made.services.store.boot_at("10.77.0.11")
    assert boot is not None
    assert boot.machine == NODE1


@pytest.mark.parametrize(
    "name", ["boot.grub", "boot.grub/nobody/x86_64/", "assets/sha256/00/vmlinuz", "assets/sha256", "other"]
)
def test_other_names_are_not_found_over_tftp(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        TftpFiles(virtual=TftpNames(control(tmp_path).services)).open(name)


def test_a_stranger_sees_over_tftp_why_it_does_not_boot(tmp_path: Path) -> None:
    files = TftpFiles(virtual=TftpNames(control(tmp_path).services))

    script = read(files, "boot.grub/52:54:00:99:99:99/riscv/")

    assert "no group matches 52:54:00:99:99:99" in script
    assert f"/{grub.FIRST_SCRIPT_NAME}" in script


def test_a_machine_that_shall_never_boot_gets_nothing_over_tftp_once_its_address_is_known(
    tmp_path: Path,
) -> None:
    services = control(tmp_path, machines__node1=f"mac: '{NODE1}'\nboot: never\n").services
    book = LeaseBook(services.store)
    address = IPv4Address("10.77.0.11")
    book.hold(Lease(address, NODE1, LeaseState.OFFERED, 2000))
    machines = InventoryMachines(services.inventory, services.armings, services.defaults)
    permission = TftpPermission(book, machines)

    assert permission(address) == "boot: never"
    assert permission(IPv4Address("10.77.0.12")) is None


def test_loaders_over_http_have_a_type_a_length_and_ranges(tmp_path: Path) -> None:
    made = control(tmp_path)
    (tmp_path / "x.efi").write_bytes(b"0123456789")
    services = replace(made.services, loaders={"x.efi": tmp_path / "x.efi"})
    client = create_app(services).test_client()

    head = client.head("/loaders/x.efi")
    part = client.get("/loaders/x.efi", headers={"Range": "bytes=4-", "If-Match": head.headers["ETag"]})

    assert (head.status_code, head.mimetype, head.headers["Content-Length"]) == (200, "application/efi", "10")
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"456789", "bytes 4-9/10")
    assert client.get("/loaders/y.efi").status_code == 404


def sent(name: str) -> TransferResult:
    return TransferResult(Endpoint(IPv4Address("10.77.0.11"), 2000), name, 7000, 0.1, Outcome.DONE)


def read(files: TftpFiles, name: str) -> str:
    source = files.open(name)
    try:
        return source.read(0, source.size_bytes).decode()
    finally:
        source.close()
