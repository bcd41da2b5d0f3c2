"""What the iPXE of a BIOS's network card really says about its machine."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

from werkzeug.serving import make_server

from pxeserver.render.variables import ServerUrls
from pxeserver.store.contract import SeenMachine, Store
from pxeserver.web.app import create_app
from tests.unit.web.memory import control

MAC = "52:54:00:77:00:99"
UUID = "4c4c4544-0042-3510-8052-b4c04f4e4d31"
# QEMU's own network for one machine: what is at 10.0.2.2 is on our loopback.
NETWORK = "user,id=net,hostname=vm9,bootfile=first.ipxe"
MACHINE = (
    *("qemu-system-x86_64", "-accel", "tcg", "-machine", "pc,graphics=off", "-m", "256"),
    *("-nodefaults", "-display", "none", "-boot", "n"),
    *("-smbios", f"type=1,manufacturer=ACME Inc.,product=Box & Sons,serial=S 1,uuid={UUID}"),
    *("-smbios", "type=3,asset=IT 7"),
    *("-device", f"virtio-net-pci,netdev=net,mac={MAC}"),
)
TIMEOUT_S = 120.0


def test_firmware_says_its_labels_and_those_of_the_operator_again_and_again(tmp_path: Path) -> None:
    made = control(tmp_path, groups__nodes="profile: node\nselector: {labels: {rack: nowhere}}\n")
    listening = make_server("127.0.0.1", 0, lambda _environment, _start: [], threaded=True)
    url = f"http://10.0.2.2:{listening.server_port}"
    services = replace(made.services, urls=ServerUrls(url, url))
    listening.app = create_app(services)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    (tmp_path / "tftp").mkdir()
    (tmp_path / "tftp/first.ipxe").write_text(f"#!ipxe\nchain {url}/boot.ipxe?rack=a1\n")

    machine = subprocess.Popen([*MACHINE, "-netdev", f"{NETWORK},tftp={tmp_path / 'tftp'}"])
    try:
        first = wait_for_request(services.store, after=0.0)
        second = wait_for_request(services.store, after=first.seen_at)
    finally:
        machine.kill()
        machine.wait()
        listening.shutdown()
        listening.server_close()

    assert (first.uuid, first.serial, first.arch) == (UUID, "S 1", "x86_64")
    assert first.others == {
        "platform": "pcbios",
        "rack": "a1",
        "asset": "IT 7",
        "hostname": "vm9",
        "manufacturer": "ACME Inc.",
        "product": "Box",  # iPXE leaves '&' as it is; what follows is another label, and a bad name for one
    }
    assert replace(second, seen_at=first.seen_at) == first


def wait_for_request(store: Store, *, after: float) -> SeenMachine:
    end_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end_s:
        seen = store.seen(MAC)
        if seen is not None and seen.seen_at > after:
            return seen
        time.sleep(0.1)
    raise AssertionError("the machine has not asked")
