"""Configs where machines find them, in guests with a real kernel, real drives and a real network."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.boot.small import MAC, Guest, make_initramfs
from tests.netns import clouds
from tests.netns.namespaces import Lab, lab, running

pytestmark = pytest.mark.boot

CONFIG = "hostname: node7\nfiles: [{path: /etc/motd, content: 'hello ${facts.platform}'}]\n"
KEY = clouds.KEY
TOKEN = {
    "path": "/latest/api/token",
    "lifetime": "X-aws-ec2-metadata-token-ttl-seconds",
    "header": "X-aws-ec2-metadata-token",
}
SERVICE = "169.254.169.254"
MakeGuest = Callable[..., Guest]


@pytest.fixture(scope="session")
def initramfs(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_initramfs(images / "debian-12", tmp_path_factory.mktemp("small"))


@pytest.fixture
def make_guest(images: Path, initramfs: Path, tmp_path: Path) -> Iterator[MakeGuest]:
    made: list[Guest] = []

    def make(*devices: str, command_line: str = "", network: Lab | None = None, name: str = "guest") -> Guest:
        guest = Guest(
            images / "debian-12",
            initramfs,
            tmp_path / name,
            devices,
            command_line,
            namespace=network.server if network else None,
            tap="tap0" if network else None,
        )
        made.append(guest)
        return guest

    yield make
    for guest in made:
        guest.power_off()


@pytest.fixture
def cloud() -> Iterator[Lab]:
    """A namespace with the metadata service's address on the other end of the guest's cable."""
    with lab() as network:
        for argv in (
            ("tuntap", "add", "tap0", "mode", "tap"),
            ("address", "add", f"{SERVICE}/16", "dev", "tap0"),
            ("link", "set", "tap0", "up"),
        ):
            subprocess.run(["ip", "-n", network.server, *argv], check=True)
        yield network


def disc(folder: Path, label: str, **files: str) -> Path:
    for name, content in files.items():
        path = folder / "disc" / name.replace("__", "/").replace("_DOT_", ".").replace("_DASH_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    image = folder / "disc.iso"
    argv = ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", label, "-o", str(image)]
    subprocess.run([*argv, str(folder / "disc")], check=True, capture_output=True)
    return image


def seed(folder: Path) -> Path:
    meta = f"instance-id: iid-1\npublic-keys:\n- {KEY}\n"
    return disc(folder, "cidata", user_DASH_data=CONFIG, meta_DASH_data=meta)


def cdrom(image: Path) -> tuple[str, ...]:
    return "-drive", f"file={image},if=ide,media=cdrom,format=raw,readonly=on"


def dmi(**fields: str) -> tuple[str, ...]:
    return "-smbios", "type=1," + ",".join(f"{name}={value}" for name, value in fields.items())


def applied(result: dict[str, Any], platform: str) -> None:
    assert (result["code"], result["hostname"], result["motd"]) == (0, "node7", f"hello {platform}"), result
    assert result["mounts"] == []


def test_a_nocloud_disc(make_guest: MakeGuest, tmp_path: Path) -> None:
    (result,) = make_guest(*cdrom(seed(tmp_path))).run("local")

    applied(result, "nocloud")
    assert result["identity"] == {"platform": "nocloud", "instance_id": "iid-1"}
    assert result["keys"] == f"{KEY}\n"


def test_a_config_drive_with_its_network(make_guest: MakeGuest, tmp_path: Path) -> None:
    image = disc(
        tmp_path,
        "config-2",
        openstack__latest__user_data=CONFIG,
        openstack__latest__meta_data_DOT_json=clouds.OPENSTACK_PAGES["/openstack/latest/meta_data.json"],
        openstack__latest__network_data_DOT_json=clouds.OPENSTACK_PAGES[
            "/openstack/latest/network_data.json"
        ],
    )

    (result,) = make_guest(*cdrom(image)).run("local")

    applied(result, "config-drive")
    assert "10-nic0.network" in result["networks"]


def test_a_config_drive_on_a_fat_disk(make_guest: MakeGuest, tmp_path: Path) -> None:
    image = tmp_path / "disk"
    (tmp_path / "openstack/latest").mkdir(parents=True)
    (tmp_path / "openstack/latest/user_data").write_text(CONFIG)
    (tmp_path / "openstack/latest/meta_data.json").write_text('{"uuid": "u-1"}')
    for argv in (
        ["truncate", "-s", "4M", str(image)],
        ["mkfs.vfat", "-n", "CONFIG-2", str(image)],
        ["mcopy", "-s", "-i", str(image), str(tmp_path / "openstack"), "::"],
    ):
        subprocess.run(argv, check=True, capture_output=True)

    (result,) = make_guest("-drive", f"file={image},if=virtio,format=raw,readonly=on").run("local")

    applied(result, "config-drive")


def test_firmware_configuration(make_guest: MakeGuest, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)

    (result,) = make_guest("-fw_cfg", f"name=opt/com.coreos/config,file={tmp_path}/config").run("local")

    applied(result, "qemu")


def test_the_url_of_a_boot_script(make_guest: MakeGuest, cloud: Lab, tmp_path: Path) -> None:
    line = f"provision.config=http://{SERVICE}/node7 provision.machine={MAC}"
    guest = make_guest(command_line=line, network=cloud)
    with running(
        cloud.server,
        "tests.netns.metadata_server",
        tmp_path / "service",
        pages={"/node7": CONFIG},
        addresses=[SERVICE],
    ):
        (result,) = guest.run("apply")

    applied(result, "pxe")
    assert result["identity"] == {"platform": "pxe", "instance_id": None}


def test_a_seed_server_in_the_serial_number(make_guest: MakeGuest, cloud: Lab, tmp_path: Path) -> None:
    pages = {"/seed/user-data": CONFIG, "/seed/meta-data": "instance-id: iid-2\n"}
    guest = make_guest(*dmi(serial=f"ds=nocloud;s=http://{SERVICE}/seed/"), network=cloud)
    with running(
        cloud.server, "tests.netns.metadata_server", tmp_path / "service", pages=pages, addresses=[SERVICE]
    ):
        local, network = guest.run("local,network")

    # Without a network nothing is done, and nothing is wrong.
    assert (local["code"], local["hostname"], local["identity"]) == (0, "", None)
    applied(network, "nocloud")
    assert network["identity"] == {"platform": "nocloud", "instance_id": "iid-2"}


@pytest.mark.parametrize(
    ("platform", "fields", "settings"),
    [
        pytest.param(
            "ec2",
            {"manufacturer": "Amazon EC2"},
            {"pages": {**clouds.EC2_PAGES, "/2021-03-23/user-data": CONFIG}, "token": TOKEN},
            id="EC2",
        ),
        pytest.param(
            "openstack",
            {"product": "OpenStack Nova"},
            {"pages": {**clouds.OPENSTACK_PAGES, "/openstack/latest/user_data": CONFIG}},
            id="OpenStack",
        ),
    ],
)
def test_a_metadata_service(
    platform: str,
    fields: dict[str, str],
    settings: dict[str, Any],
    make_guest: MakeGuest,
    cloud: Lab,
    tmp_path: Path,
) -> None:
    guest = make_guest(*dmi(**fields), network=cloud)
    with running(
        cloud.server, "tests.netns.metadata_server", tmp_path / "service", addresses=[SERVICE], **settings
    ):
        (result,) = guest.run("network")

    applied(result, platform)
    assert "10-nic0.network" in result["networks"]
    assert result["keys"] == f"{KEY}\n"


def test_a_disc_that_is_put_in_twenty_seconds_late(make_guest: MakeGuest, tmp_path: Path) -> None:
    guest = make_guest()
    image = seed(tmp_path)
    guest.power_on("network")
    guest.wait_for_console("waiting up to 30 s for a drive")
    time.sleep(20)
    drive = {"driver": "raw", "node-name": "late", "read-only": True}
    guest.monitor(
        {
            "execute": "blockdev-add",
            "arguments": {**drive, "file": {"driver": "file", "filename": str(image)}},
        },
        {"execute": "device_add", "arguments": {"driver": "scsi-cd", "drive": "late", "bus": "scsi0.0"}},
    )

    (result,) = guest.wait()

    applied(result, "nocloud")
    assert result["took_s"] > 20


def test_a_machine_whose_metadata_is_gone_at_its_second_boot_stays_the_same(
    make_guest: MakeGuest, cloud: Lab, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    for argv in (["truncate", "-s", "256M", str(disk)], ["mkfs.ext4", "-q", str(disk)]):
        subprocess.run(argv, check=True)
    devices = ("-drive", f"file={disk},if=virtio,format=raw", *dmi(manufacturer="Amazon EC2"))
    pages = {**clouds.EC2_PAGES, "/2021-03-23/user-data": CONFIG}
    service = ("tests.netns.metadata_server", tmp_path / "service")

    with running(cloud.server, *service, pages=pages, addresses=[SERVICE]):
        (first,) = make_guest(*devices, command_line="small.keep", network=cloud).run("network")
    second_guest = make_guest(*devices, command_line="small.keep", network=cloud, name="second")
    (second,) = second_guest.run("network")
    copied = {**pages, "/2021-03-23/meta-data/instance-id": "i-2"}
    with running(cloud.server, *service, pages=copied, addresses=[SERVICE]):
        (third,) = make_guest(*devices, command_line="small.keep", network=cloud, name="third").run("network")

    applied(first, "ec2")
    applied(second, "ec2")
    assert second["identity"] == first["identity"]
    assert (second["host_key"], second["keys"]) == (first["host_key"], first["keys"])
    assert "the machine stays what it was at its last boot" in second_guest.console.read_text()
    # With the disk copied, the cloud itself says that this is another machine.
    assert third["identity"] == {"platform": "ec2", "instance_id": "i-2"}
    assert third["host_key"] != first["host_key"]
