"""Firmware nobody here wrote, from power-on to the first word of the machine itself.

What follows is the same for all of them: see test_one_machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pxeserver.arming_book import REFRESH_S
from pxeserver.lab.firmware import LabFirmware
from pxeserver.lab.machine import Hardware, Machine
from tests.boot.conftest import BootLab, MakeLab
from tests.boot.neighbours import dnsmasq, dnsmasq_relay, far_network, plain_pxe_relay

pytestmark = pytest.mark.boot

MAC = "52:54:00:77:00:21"
BOX = ("box", MAC)
FIRST_EVENT = "network"
BEHIND_A_RELAY = """
dhcp:
  mode: full
  subnets:
    - network: 10.78.0.0/24
      pool: {first: 10.78.0.100, last: 10.78.0.199}
      router: 10.78.0.1
"""


def settings(text: str) -> Callable[[Path], None]:
    def change(data: Path) -> None:
        (data / "pxeserver.yaml").write_text(text)

    return change


def log(lab: BootLab) -> str:
    return lab.lab.server_log.read_text(errors="replace")


def test_uefi_pxe_beside_another_dhcp_server_asks_again_on_port_4011(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX], change=settings("dhcp: {mode: proxy}\n"), firmware=LabFirmware.UEFI)
    (box,) = lab.machines

    with dnsmasq(lab):
        box.power_on()
        lab.wait_for(box, FIRST_EVENT)

    # Only there is a REQUEST answered in proxy mode.
    assert re.search(r"answered .*packet=REQUEST .*x86-64 UEFI firmware gets snponly.efi", log(lab))
    assert "done snponly.efi" in log(lab)
    # It asks for the size first, and hangs up: that is no failure.
    assert "failed" not in log(lab)


def test_uefi_http_boot(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX], firmware=LabFirmware.HTTP_UEFI)
    (box,) = lab.machines

    box.power_on()
    lab.wait_for(box, FIRST_EVENT)

    assert "HTTP boot firmware gets snponly.efi" in log(lab)
    assert "http://10.77.0.1:8080/loaders/snponly.efi" in box.console_text().replace("\n", "")
    assert "done snponly.efi" not in log(lab), "that would be TFTP"


def test_secure_boot_runs_the_signed_shim_and_grub(make_lab: MakeLab) -> None:
    text = "loader: shim\ndhcp:\n  mode: full\n  pool: {first: 10.77.0.100, last: 10.77.0.199}\n"
    lab = make_lab("single", [BOX], change=settings(text), firmware=LabFirmware.SECURE_UEFI)
    (box,) = lab.machines

    box.power_on()
    lab.wait_for(box, FIRST_EVENT)

    assert "done shimx64.efi" in log(lab)
    assert "done grubx64.efi" in log(lab)
    assert "Welcome to GRUB" in box.console_text()
    assert lab.ok_steps(box, boot=1)[2:] == ["script", "kernel", "initrd", FIRST_EVENT]


def test_a_disarmed_machine_goes_on_to_its_disk_and_boots_again_once_it_is_armed(make_lab: MakeLab) -> None:
    lab = make_lab("single", [BOX])
    (box,) = lab.machines

    machines(lab, "disarm")
    box.power_on()
    lab.wait_for_console(box, "not from the network: disarmed")
    # It has no disk: that is where the BIOS finds out, before it tries again.
    lab.wait_for_console(box, "No bootable device")
    machines(lab, "arm")

    lab.wait_for(box, FIRST_EVENT)


def machines(lab: BootLab, action: str) -> None:
    command = [sys.executable, "-m", "pxeserver", "machines", action, MAC]
    subprocess.run([*command, "--state", str(lab.lab.folder / "state")], check=True, capture_output=True)
    time.sleep(2 * REFRESH_S)  # the server looks each second


@pytest.mark.parametrize(
    ("relay", "loaders"),
    [
        pytest.param(dnsmasq_relay, [], id="dnsmasq, iPXE in the card: it needs no loader"),
        pytest.param(plain_pxe_relay, ["undionly.kpxe"], id="plain PXE: iPXE is loaded first, and once"),
    ],
)
def test_a_bios_behind_a_relay(
    make_lab: MakeLab, tmp_path: Path, relay: Callable[[], tuple[str, ...]], loaders: list[str]
) -> None:
    lab = make_lab("single", [BOX], change=settings(BEHIND_A_RELAY))

    with far_network(lab, relay()) as (network, tap):
        box = Machine("far", Hardware(mac=MAC), network, tap, tmp_path)
        try:
            box.power_on()
            network_event = lab.wait_for(box, FIRST_EVENT)
        finally:
            box.power_off()

    assert network_event["message"].startswith("eth0 10.78.0.1")
    assert re.findall(r"info done (\S+) address=10\.78\.0\.", log(lab)) == loaders
    assert "destination=10.78.0.1:67" in log(lab)
