"""An image that is not ours: Debian's packages, no cloud-init, our package; told by a NoCloud disc what it shall be."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pxeserver.images.package import build_package
from tests.boot.stock import base_root, disk_of, installed, run
from tests.boot.test_sources import KEY, disc

pytestmark = pytest.mark.boot

BOOT_DEADLINE_S = 400.0
# What starts after the stage that asks for it must not hold that stage up without end.
CONFIG = f"""\
users:
  - name: ops
    ssh_authorized_keys: ['{KEY}']
files:
  - path: /etc/motd
    content: "hello ${{facts.instance_id}}"
units:
  - name: told.service
    enable: true
    content: |
      [Unit]
      After=provision-network.service multi-user.target network-online.target
      Wants=network-online.target
      [Service]
      Type=oneshot
      TimeoutStartSec=60
      ExecStart=/usr/bin/python3 /usr/local/bin/told
      ExecStopPost=/usr/bin/systemctl --no-block poweroff
      [Install]
      WantedBy=graphical.target
"""
META = "instance-id: iid-7\nlocal-hostname: stock7\n"
NETWORK = (
    "version: 2\nethernets: {lan: {match: {name: 'en*'}, addresses: [10.0.2.50/24], gateway4: 10.0.2.2}}\n"
)
TOLD = """\
import glob, json, subprocess
def said(*argv):
    return subprocess.run(argv, capture_output=True, text=True).stdout.strip()
print(json.dumps({
    "hostname": said("hostname"),
    "motd": open("/etc/motd").read(),
    "ops": said("id", "-un", "ops"),
    "keys": said("cat", "/home/ops/.ssh/authorized_keys"),
    "host_keys": len(glob.glob("/etc/ssh/ssh_host_*_key")),
    "addresses": said("ip", "-br", "-4", "address", "show", "up"),
    "failed": said("systemctl", "--failed", "--no-legend", "--plain"),
    "ssh": said("systemctl", "is-active", "ssh.service"),
    "status": said("provision", "status", "--format", "json"),
    "cycles": said("journalctl", "-b", "-o", "cat", "--grep", "ordering cycle"),
    "units": {name: said("systemctl", "show", "-P", "Result", name)
              for name in ("provision.service", "provision-network.service")},
}), file=open("/dev/ttyS1", "w"), flush=True)
"""


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_package(tmp_path_factory.mktemp("package"))


@pytest.fixture
def root(images: Path, package: Path, tmp_path: Path) -> Path:
    return installed(base_root(images.parent / "stock"), package, tmp_path / "root")


def named(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*provision*")}


def verified(root: Path, *targets: str) -> str:
    argv = ["chroot", str(root), "systemd-analyze", "verify", "--man=no", *targets]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_package_is_compiled_and_leaves_nothing_behind(root: Path, images: Path) -> None:
    base = base_root(images.parent / "stock")
    assert list(root.glob("usr/lib/provision/provision/__pycache__/agent.*.pyc"))

    run("chroot", str(root), "dpkg", "--purge", "provision")

    assert named(root) - {"root/provision.deb"} == named(base)  # systemd has a file of that name


def test_the_units_are_in_order_with_those_of_debian(root: Path) -> None:
    assert verified(root, "default.target") == ""


def test_an_order_that_goes_in_a_circle_would_be_found(root: Path) -> None:
    drop_in = root / "etc/systemd/system/provision.service.d/circle.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Unit]\nAfter=network-online.target\n")

    assert "ordering cycle" in verified(root, "default.target")


@pytest.fixture
def machine(root: Path, tmp_path: Path) -> Path:
    """A folder with the disk, and the kernel and initramfs from it."""
    (root / "usr/local/bin/told").write_text(TOLD)
    disk_of(root, tmp_path / "disk")
    shutil.copy2(next(root.glob("boot/vmlinuz-*")), tmp_path / "vmlinuz")
    shutil.copy2(next(root.glob("boot/initrd.img-*")), tmp_path / "initrd")
    shutil.rmtree(root)
    return tmp_path


def test_a_stock_image_becomes_what_the_disc_says(machine: Path) -> None:
    seed = disc(machine, "cidata", user_DASH_data=CONFIG, meta_DASH_data=META, network_DASH_config=NETWORK)

    told = boot(machine, "-drive", f"file={seed},if=ide,media=cdrom,format=raw,readonly=on")

    is_as_wanted(told)
    assert "10.0.2.50/24" in told["addresses"]


def test_a_stock_image_becomes_what_a_server_says(machine: Path) -> None:
    (machine / "seed").mkdir()
    (machine / "seed/user-data").write_text(CONFIG)
    (machine / "seed/meta-data").write_text(META)
    serve = f"{sys.executable} {Path(__file__).with_name('one_request.py')} {machine}/seed"

    told = boot(
        machine,
        *("-smbios", "type=1,serial=ds=nocloud;s=http://10.0.2.100/"),
        forward=f"guestfwd=tcp:10.0.2.100:80-cmd:{serve}",
    )

    is_as_wanted(told)
    assert "10.0.2.15/24" in told["addresses"]


def is_as_wanted(told: dict[str, Any]) -> None:
    assert told["hostname"] == "stock7"
    assert (told["motd"], told["ops"], told["keys"]) == ("hello iid-7", "ops", KEY)
    assert told["host_keys"] == 2
    assert told["ssh"] == "active"
    assert told["failed"] == ""
    assert told["cycles"] == ""
    assert told["units"] == {"provision.service": "success", "provision-network.service": "success"}
    assert json.loads(told["status"])["status"]["result"] == "done"


def boot(folder: Path, *devices: str, forward: str = "") -> dict[str, Any]:
    """What the machine tells of itself, before it powers itself off."""
    results, console = folder / "results", folder / "console"
    argv = [
        *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "pc", "-m", "768", "-smp", "2"),
        *("-nodefaults", "-display", "none", "-no-reboot", "-device", "virtio-rng-pci"),
        *("-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd")),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1"),
        *("-serial", f"file:{console}", "-serial", f"file:{results}"),
        *("-drive", f"file={folder}/disk,if=virtio,format=raw"),
        *("-netdev", ",".join(["user,id=net,restrict=on", *([forward] if forward else [])])),
        *("-device", "virtio-net-pci,netdev=net,romfile=", *devices),
    ]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    end_s = time.monotonic() + BOOT_DEADLINE_S
    try:
        while process.poll() is None and time.monotonic() < end_s:
            time.sleep(0.5)
    finally:
        process.kill()
        process.wait()
    lines = results.read_text(errors="replace").splitlines() if results.exists() else []
    assert lines, console.read_text(errors="replace")[-4000:]
    told: dict[str, Any] = json.loads(lines[-1])
    return told
