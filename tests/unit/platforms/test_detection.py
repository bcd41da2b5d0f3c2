"""Each row is a machine as its /sys, /proc and /dev show it, and the platform it is on: none unless that is certain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provision.platforms.finding import PATHS
from provision.platforms.observe import observe
from provision.platforms.registry import PLATFORMS
from provision.platforms.search import allowed, choose, refused
from tests.unit.platforms.roots import ext4, iso9660, make_machine, udf, vfat

KVM = {"sys_vendor": "QEMU", "product_name": "Standard PC (i440FX + PIIX, 1996)", "chassis_asset_tag": ""}
AWS_UUID = "ec2e1916-9099-7caf-fd21-012345abcdef"
AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
HYPER_V = {"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}
VMWARE = {"sys_vendor": "VMware, Inc.", "product_name": "VMware Virtual Platform"}
VBOX = {"sys_vendor": "innotek GmbH", "product_name": "VirtualBox"}
SEED = "/var/lib/cloud/seed/nocloud"
URL = "http://10.0.0.1/config"


def chosen(root: Path) -> str | None:
    choice = choose(observe(root, PATHS), PLATFORMS, allowed(observe(root, PATHS), None, PLATFORMS))
    return choice.identified.platform if choice else None


def machine(name: str, **facts: Any) -> Any:
    return pytest.param(facts, id=name)


CERTAIN: dict[str, list[Any]] = {
    "azure": [
        machine("Azure", dmi={**HYPER_V, "chassis_asset_tag": AZURE_TAG}),
        machine(
            "Azure with its disc",
            dmi={**HYPER_V, "chassis_asset_tag": AZURE_TAG},
            devices={"sr0": udf("rd_rdfe_stable")},
        ),
        machine("Azure by Ignition's argument", command_line="ignition.platform.id=azure"),
    ],
    "config-drive": [
        machine("Nova's disc", dmi={"product_name": "OpenStack Nova"}, devices={"sr0": iso9660("config-2")}),
        machine("Nova's disk", dmi=KVM, devices={"vdb": vfat("config-2")}),
        machine("in capitals", dmi=KVM, devices={"vdb": vfat("CONFIG-2")}),
        machine(
            "behind data disks", devices={"vda": ext4("root"), "vdb": ext4("data"), "vdc": vfat("config-2")}
        ),
        machine("IBM's, on no hypervisor that is known", devices={"xvdh": vfat("config-2")}),
        machine("written as UDF", devices={"sr0": udf("config-2")}),
    ],
    "digitalocean": [
        machine("droplet", dmi={"sys_vendor": "DigitalOcean", "product_name": "Droplet"}),
        machine("droplet by CoreOS's argument", command_line="coreos.oem.id=digitalocean"),
    ],
    "ec2": [
        machine("Nitro", dmi={"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}),
        machine("Nitro bare metal", dmi={"sys_vendor": "Amazon EC2", "product_name": "m5.metal"}),
        machine("Graviton", dmi={"sys_vendor": "Amazon EC2", "product_name": "m7g.large"}),
        machine("Xen by hypervisor", hypervisor_uuid=AWS_UUID, dmi={"sys_vendor": "Xen"}),
        machine(
            "Xen by DMI",
            dmi={"sys_vendor": "Xen", "product_uuid": AWS_UUID.upper(), "product_serial": AWS_UUID},
        ),
        machine("by Flatcar's argument", command_line="flatcar.oem.id=ec2"),
        machine("by ours", command_line="provision.platform=ec2"),
    ],
    "file": [
        machine("path on the command line", command_line="provision.config=/boot/node.yaml"),
        machine("file URL", command_line="provision.config=file:///boot/node.yaml"),
        machine("in the image", files={"/etc/provision/config.yaml": "{}"}),
        machine("as coreos-install left it", files={"/var/lib/coreos-install/user_data": "#cloud-config"}),
        machine("OEM's", files={"/usr/share/oem/cloud-config.yml": "#cloud-config"}),
    ],
    "gce": [
        machine("Google", dmi={"sys_vendor": "Google", "product_name": "Google Compute Engine"}),
        machine("by serial", dmi={"sys_vendor": "Google", "product_serial": "GoogleCloud-0123456789ABCDEF"}),
        machine("by Ignition's argument", command_line="ignition.platform.id=gcp"),
    ],
    "hetzner": [
        machine("vServer", dmi={"sys_vendor": "Hetzner", "product_name": "vServer"}),
        machine("by Ignition's argument", command_line="ignition.platform.id=hetzner"),
    ],
    "nocloud": [
        machine("seed disc", dmi=KVM, devices={"sr0": iso9660("cidata")}),
        machine("seed disc in capitals", dmi=KVM, devices={"sr0": iso9660("CIDATA")}),
        machine("seed disk", dmi=KVM, devices={"vdb": vfat("CIDATA")}),
        machine("Vagrant's disc on VirtualBox", dmi=VBOX, devices={"sr0": iso9660("cidata")}),
        machine("seed disc on VMware", dmi=VMWARE, devices={"sr0": iso9660("cidata")}),
        machine("SMBIOS", dmi={**KVM, "product_serial": f"ds=nocloud;s={URL}/"}),
        machine("SMBIOS in the old spelling", dmi={**KVM, "product_serial": f"ds=nocloud-net;s={URL}/"}),
        machine("command line", command_line=f"quiet ds=nocloud;s={URL}/"),
        machine("command line in quotes", command_line=f'quiet "ds=nocloud;s={URL}/"'),
        machine("key in full", command_line=f"ds=nocloud;seedfrom={URL}/;h=node1"),
        machine("directory", files={f"{SEED}/meta-data": "", f"{SEED}/user-data": ""}),
        machine("directory for a network", files={f"{SEED}-net/meta-data": ""}),
        machine(
            "seed before Nova", dmi={"product_name": "OpenStack Nova"}, devices={"sr0": iso9660("cidata")}
        ),
    ],
    "openstack": [
        machine("Nova", dmi={"sys_vendor": "OpenStack Foundation", "product_name": "OpenStack Nova"}),
        machine("Compute", dmi={"product_name": "OpenStack Compute"}),
        machine("Open Telekom Cloud", dmi={**KVM, "chassis_asset_tag": "OpenTelekomCloud"}),
        machine("Huawei Cloud", dmi={**KVM, "chassis_asset_tag": "HUAWEICLOUD"}),
        machine("SAP", dmi={**VMWARE, "chassis_asset_tag": "SAP CCloud VM", "sys_vendor": "SAP"}),
        machine("Ironic by Ignition's argument", command_line="ignition.platform.id=openstack"),
    ],
    "packet": [
        machine("by Ignition's argument", command_line="ignition.platform.id=packet"),
        machine("by CoreOS's argument", command_line="coreos.oem.id=packet"),
    ],
    "pxe": [
        machine("our boot script", command_line=f"provision.config={URL}"),
        machine("Ignition's", command_line=f"ignition.config.url={URL}"),
        machine("CoreOS Container Linux's", command_line=f"coreos.config.url={URL}"),
        machine("coreos-cloudinit's", command_line=f"cloud-config-url={URL}"),
        machine("coreos-cloudinit's other spelling", command_line=f"cloud_config_url={URL}"),
        machine("TFTP", command_line="provision.config=tftp://10.0.0.1/config"),
        machine(
            "PXE on Amazon's hardware",
            dmi={"sys_vendor": "Amazon EC2"},
            command_line=f"provision.config={URL}",
        ),
        machine("the last value that is not empty", command_line=f"provision.config={URL} provision.config="),
    ],
    "qemu": [
        machine("Ignition's", dmi=KVM, firmware={"opt/com.coreos/config": b"{}"}),
        machine("Flatcar's", dmi=KVM, firmware={"opt/org.flatcar-linux/config": b"{}"}),
    ],
    "vagrant": [
        machine(
            "CoreOS's", dmi=VBOX, files={"/var/lib/coreos-vagrant/vagrantfile-user-data": "#cloud-config"}
        ),
    ],
    "virtualbox": [machine("VirtualBox", dmi=VBOX)],
    "vmware": [
        machine("Workstation", dmi=VMWARE),
        machine("ESXi 7", dmi={"sys_vendor": "VMware, Inc.", "product_name": "VMware7,1"}),
        machine("OVF's disc", dmi=VMWARE, devices={"sr0": iso9660("OVF ENV")}),
    ],
    "vultr": [machine("Vultr", dmi={"sys_vendor": "Vultr", "product_name": "VHF"})],
}

LOOK_ALIKES = [
    machine("bare machine", dmi={"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R640"}),
    machine("no DMI at all"),
    machine("plain KVM", dmi=KVM),
    machine("libvirt's random UUID begins with ec2", dmi={**KVM, "product_uuid": AWS_UUID}),
    machine("UUID and another serial", dmi={**KVM, "product_uuid": AWS_UUID, "product_serial": "VM-1"}),
    machine(
        "Xen elsewhere", hypervisor_uuid="0f3c1a2b-0000-4000-8000-000000000001", dmi={"sys_vendor": "Xen"}
    ),
    machine("dom0", hypervisor_uuid="00000000-0000-0000-0000-000000000000"),
    machine("a maker called nearly so", dmi={"sys_vendor": "Amazon EC2 Compatible Cloud"}),
    machine("Hyper-V at home", dmi={**HYPER_V, "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-78"}),
    machine("Hyper-V without a tag", dmi=HYPER_V, devices={"sr0": udf("rd_rdfe_stable")}),
    machine("Chromebook", dmi={"sys_vendor": "Google", "product_name": "Eve", "product_serial": "0123"}),
    machine("Nova's name in the wrong field", dmi={**KVM, "sys_vendor": "OpenStack Nova"}),
    machine("oVirt", dmi={"sys_vendor": "oVirt", "product_name": "RHEL"}),
    machine("Hetzner's bare machine", dmi={"sys_vendor": "FUJITSU", "product_name": "D3401-H1"}),
    machine(
        "a board of VMware's name", dmi={"sys_vendor": "ACME", "product_name": "VMware Virtual Platform"}
    ),
    machine("VirtualBox's maker, no VirtualBox", dmi={"sys_vendor": "innotek GmbH", "product_name": "QEMU"}),
    machine("data disk called cidata", devices={"vdb": ext4("cidata")}),
    machine("data disk called config-2", devices={"vdb": ext4("config-2")}),
    machine("installation disc", devices={"sr0": iso9660("Debian 12.5.0 amd64 n")}),
    machine("label that only begins so", devices={"sr0": iso9660("cidata-old")}),
    machine("backup of a config drive", devices={"sr0": iso9660("config-2.bak")}),
    machine("film called cidata", devices={"sr0": udf("cidata")}),
    machine("empty drive", devices={"sr0": b""}),
    machine("disk cut short", devices={"vdb": iso9660("cidata")[: 16 * 2048 + 3]}),
    machine("loop device", devices={"loop0": iso9660("cidata")}),
    machine("RAM disk", devices={"ram0": vfat("config-2")}),
    machine("serial of ones", dmi={**KVM, "product_serial": b"\xff\xff\xff\xff\n"}),
    machine("serial that talks of nocloud", dmi={**KVM, "product_serial": "no ds=nocloud"}),
    machine("NoCloud without a place", command_line="ds=nocloud"),
    machine("another source on the line", command_line=f"ds=ec2;s={URL}"),
    machine("a word that ends so", command_line=f"xds=nocloud;s={URL}"),
    machine("config without a value", command_line="provision.config="),
    machine("config of no scheme", command_line="provision.config=10.0.0.1/config"),
    machine("another's config", command_line=f"my.provision.config={URL}"),
    machine("a platform that there is not", command_line="ignition.platform.id=metal"),
    machine(
        "fw_cfg of others", dmi=KVM, firmware={"opt/ovmf/X-PciMmio64Mb": b"1", "opt/com.coreos/conf": b""}
    ),
    machine("seed directory that is empty", files={f"{SEED}/user-data": "#cloud-config"}),
    machine("half a directory", files={"/etc/provision/config.yml": "{}"}),
]


@pytest.mark.parametrize(
    ("platform", "facts"),
    [
        pytest.param(name, *row.values, id=f"{name}: {row.id}")
        for name, rows in CERTAIN.items()
        for row in rows
    ],
)
def test_a_machine_is_on_the_platform_that_it_shows(
    platform: str, facts: dict[str, Any], tmp_path: Path
) -> None:
    assert chosen(make_machine(tmp_path, **facts)) == platform


@pytest.mark.parametrize("facts", LOOK_ALIKES)
def test_a_machine_that_only_looks_like_one_is_on_no_platform(facts: dict[str, Any], tmp_path: Path) -> None:
    assert chosen(make_machine(tmp_path, **facts)) is None


def test_every_platform_has_a_machine_in_the_table() -> None:
    assert {platform.name for platform in PLATFORMS} == CERTAIN.keys()
    assert sum(map(len, CERTAIN.values())) + len(LOOK_ALIKES) >= 60


@pytest.mark.parametrize(
    ("text", "command_line", "expected"),
    [
        pytest.param("config-drive\n", "quiet", None, id="the image is for others"),
        pytest.param(
            "# ours\nec2 # and\n\ngce\n", "quiet", "ec2", id="the image is for this one, among others"
        ),
        pytest.param("gce\n", "provision.platforms=ec2", "ec2", id="the command line comes first"),
        pytest.param("", "quiet", None, id="an empty list is for none"),
        pytest.param(None, "provision.platforms=gce,azure", None, id="the command line alone"),
    ],
)
def test_an_image_says_which_platforms_it_is_for(
    text: str | None, command_line: str, expected: str | None, tmp_path: Path
) -> None:
    root = make_machine(tmp_path, dmi={"sys_vendor": "Amazon EC2"}, command_line=command_line)
    seen = observe(root, PATHS)

    choice = choose(seen, PLATFORMS, allowed(seen, text, PLATFORMS))

    assert (choice and choice.identified.platform) == expected


def test_what_the_image_is_not_for_is_named_with_what_was_seen(tmp_path: Path) -> None:
    seen = observe(make_machine(tmp_path, dmi={"sys_vendor": "Amazon EC2"}), PATHS)

    said = refused(seen, PLATFORMS, allowed(seen, "gce\n", PLATFORMS))

    assert said == ("DMI vendor 'Amazon EC2', but /etc/provision/platforms does not name 'ec2'",)


def test_a_name_that_is_no_platform_is_said_with_the_one_it_may_be(tmp_path: Path) -> None:
    seen = observe(make_machine(tmp_path), PATHS)

    assert allowed(seen, "openstak\n", PLATFORMS).warnings == (
        "/etc/provision/platforms: there is no platform 'openstak'; did you mean 'openstack'?",
    )
