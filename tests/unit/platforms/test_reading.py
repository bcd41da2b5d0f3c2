"""What is read of drives, firmware and hypervisors, and taken away again where others could read it."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from provision.errors import SourceError
from provision.platforms import (
    azure,
    file,
    nocloud,
    openstack,
    ovf,
    packet,
    pxe,
    qemu,
    vagrant,
    virtualbox,
    vmware,
)
from provision.platforms.contract import Identified, Provided
from provision.platforms.observation import Observation
from tests.unit.platforms.fake import World

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHn3o8vT7pP3Yk1m9kq2s0b5h6n7f8d9e0a1b2c3d4e5 ops"
CONFIG = b"hostname: node1\n"
UUID = "564d2b9a-0000-4000-8000-00000000000a"
SEEN = Observation(dmi={"product_uuid": UUID.upper()})


def write(folder: Path, **files: str | bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".").replace("_DASH_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_seed_gives_all_that_is_in_its_files(tmp_path: Path) -> None:
    write(
        tmp_path / "mounted/sr0",
        user_DASH_data=CONFIG,
        meta_DASH_data=f"instance-id: iid-1\nlocal-hostname: web.example\npublic-keys:\n- {KEY}\n",
        network_DASH_config="version: 2\nethernets: {eth0: {dhcp4: true}}\n",
        vendor_DASH_data="#cloud-config\n",
    )

    read = nocloud.read(Identified("nocloud", "", "/dev/sr0", "iso9660"), World(tmp_path).access())

    assert (read.user_data, read.instance_id, read.hostname, read.ssh_keys) == (
        CONFIG,
        "iid-1",
        "web.example",
        (KEY,),
    )
    assert read.network is not None
    assert read.warnings == ("vendor-data is there, and is not used",)


def test_vagrants_disc_is_a_seed(tmp_path: Path) -> None:
    # As Vagrant's action CloudInitSetup makes it: JSON is YAML.
    write(
        tmp_path / "mounted/sr0",
        user_DASH_data='Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n',
        meta_DASH_data='{"instance-id": "i-0123456789abcdef"}',
    )

    read = nocloud.read(Identified("nocloud", "", "/dev/sr0", "iso9660"), World(tmp_path).access())

    assert read.instance_id == "i-0123456789abcdef"
    assert read.user_data is not None
    assert read.user_data.startswith(b"Content-Type: multipart/mixed")


def test_a_directory_without_a_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="neither user-data nor meta-data"):
        nocloud.read(Identified("nocloud", "", "/seed/"), World(tmp_path).access())


@pytest.mark.parametrize(
    ("place", "name", "url"),
    [
        pytest.param("http://s/a/", "user-data", "http://s/a/user-data", id="directory"),
        pytest.param("http://s/a", "user-data", "http://s/a/user-data", id="directory without its slash"),
        pytest.param(
            "http://s/a?f=%s&x=1", "user-data", "http://s/a?f=user-data&x=1", id="place for the name"
        ),
        pytest.param("http://s/a?f=", "user-data", "http://s/a?f=user-data", id="query"),
    ],
)
def test_where_a_seed_servers_files_are(place: str, name: str, url: str) -> None:
    assert nocloud.file_url(place, name) == url


def test_the_firmware_comes_before_the_command_line_in_what_they_say_of_a_seed() -> None:
    assert nocloud.fields_of("a ds=nocloud;h=a;i=1 ds=nocloud-net;s=/x/;local-hostname=b c") == {
        "s": "/x/",
        "h": "b",
    }


def test_a_config_drive_gives_its_tree(tmp_path: Path) -> None:
    write(
        tmp_path / "mounted/vdb/openstack/latest",
        user_data=CONFIG,
        meta_data_DOT_json=f'{{"uuid": "u-1", "hostname": "a b", "public_keys": {{"k": "{KEY}"}}}}',
        network_data_DOT_json='{"links": [], "networks": [], "services": []}',
    )

    read = openstack.read_drive(Identified("config-drive", "", "/dev/vdb", "vfat"), World(tmp_path).access())

    assert (read.user_data, read.instance_id, read.ssh_keys, read.network) == (CONFIG, "u-1", (KEY,), None)
    assert read.hostname is None  # what cannot be a name is none


def test_cloudstacks_drive_has_the_same_label_and_another_tree(tmp_path: Path) -> None:
    write(
        tmp_path / "mounted/sr0/cloudstack",
        userdata__user_data_DOT_txt=CONFIG,
        metadata__instance_id_DOT_txt="i-2-3-VM\n",
        metadata__public_keys_DOT_txt=f"{KEY}\n",
    )

    read = openstack.read_drive(
        Identified("config-drive", "", "/dev/sr0", "iso9660"), World(tmp_path).access()
    )

    assert (read.user_data, read.instance_id, read.ssh_keys) == (CONFIG, "i-2-3-VM", (KEY,))


def test_a_drive_that_is_only_called_so_is_an_error_and_not_an_empty_config(tmp_path: Path) -> None:
    write(tmp_path / "mounted/sr0", readme="nothing here")

    with pytest.raises(SourceError, match=r"/dev/sr0 has no openstack/latest/meta_data\.json"):
        openstack.read_drive(Identified("config-drive", "", "/dev/sr0", "iso9660"), World(tmp_path).access())


def test_fw_cfg_gives_its_blob_and_the_machines_uuid(tmp_path: Path) -> None:
    write(tmp_path / "sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config", raw=CONFIG)
    identified = Identified("qemu", "", "opt/com.coreos/config")

    read = qemu.read(identified, World(tmp_path, observation=SEEN).access())

    assert (read.user_data, read.instance_id) == (CONFIG, UUID)


@pytest.mark.parametrize("module", [file, vagrant])
def test_a_file_is_read_and_one_that_went_away_is_an_error(module: object, tmp_path: Path) -> None:
    write(tmp_path / "etc", config=CONFIG)
    read = file.read if module is file else vagrant.read

    assert read(Identified("file", "", "/etc/config"), World(tmp_path).access()).user_data == CONFIG
    with pytest.raises(SourceError, match="there is no file /etc/other"):
        read(Identified("file", "", "/etc/other"), World(tmp_path).access())


def test_the_boot_token_goes_to_the_boot_server_and_to_nobody_elses_url(tmp_path: Path) -> None:
    pages = {"http://a/c": CONFIG}
    for argument, headers in (
        ("provision.config", {"Authorization": "Bearer s3cret"}),
        ("ignition.config.url", {}),
    ):
        seen = Observation(command_line=f"provision.token=s3cret {argument}=http://a/c")
        world = World(tmp_path, pages=pages, observation=seen)
        identified = pxe.identify(seen)
        assert identified is not None

        assert pxe.read(identified, world.access()).user_data == CONFIG
        assert world.asked == [("GET", "http://a/c", headers)]


def test_packet_is_asked_by_name_and_takes_what_it_answers(tmp_path: Path) -> None:
    base = "https://metadata.packet.net"
    meta = f"""{{"id": "p-1", "hostname": "metal", "ssh_keys": ["{KEY}"], "facility": "ams1", "network": {{
        "bonding": {{"mode": 4}}, "interfaces": [{{"name": "eth0", "mac": "0c:c4:7a:b5:83:3a", "bond": "bond0"}}],
        "addresses": [{{"address": "147.75.94.11", "cidr": 31, "gateway": "147.75.94.10", "public": true,
        "address_family": 4, "netmask": "255.255.255.254"}}]}}}}"""
    world = World(tmp_path, pages={f"{base}/metadata": meta, f"{base}/userdata": CONFIG})

    read = packet.read(Identified("packet", ""), world.access())

    assert (read.user_data, read.instance_id, read.hostname, read.ssh_keys) == (
        CONFIG,
        "p-1",
        "metal",
        (KEY,),
    )
    assert read.facts == {"public_ipv4": "147.75.94.11", "region": "ams1"}
    assert read.network is not None
    assert [entry.name for entry in read.network.interfaces] == ["eth0", "bond0"]
    assert {headers["Accept"] for _, _, headers in world.asked} == {"*/*"}


VMWARE = Identified("vmware", "")


def variable(**values: str) -> dict[str, str]:
    return {f"info-get guestinfo.{name.replace('__', '.')}": value for name, value in values.items()}


PACKED = base64.b64encode(gzip.compress(CONFIG)).decode()


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(variable(userdata=CONFIG.decode()), id="as it is"),
        pytest.param(
            variable(userdata=base64.b64encode(CONFIG).decode(), userdata__encoding="base64"), id="base64"
        ),
        pytest.param(variable(userdata=PACKED, userdata__encoding="gzip+base64"), id="packed"),
        pytest.param(
            variable(ignition__config__data=PACKED, ignition__config__data__encoding="gz+b64"),
            id="Ignition's",
        ),
        pytest.param(variable(coreos__config__data=CONFIG.decode()), id="CoreOS's"),
        pytest.param(
            variable(
                ovfEnv='<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" '
                'xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"><PropertySection>'
                f'<Property oe:key="guestinfo.userdata" oe:value="{PACKED}"/>'
                '<Property oe:key="guestinfo.userdata.encoding" oe:value="gz+b64"/>'
                "</PropertySection></Environment>"
            ),
            id="property of an appliance",
        ),
    ],
)
def test_vmwares_variables_in_every_encoding(answers: dict[str, str], tmp_path: Path) -> None:
    read = vmware.read(VMWARE, World(tmp_path, answers=answers, observation=SEEN).access())

    assert read.user_data is not None
    assert read.user_data.strip() == CONFIG.strip()
    assert read.instance_id == UUID


def test_vmwares_metadata_has_name_keys_and_network(tmp_path: Path) -> None:
    described = base64.b64encode(b"version: 2\nethernets: {ens192: {dhcp4: true}}").decode()
    meta = f"instance-id: vm-1\nlocal-hostname: node7\nnetwork: {described}\nnetwork.encoding: base64\n"
    world = World(tmp_path, answers=variable(metadata=meta), observation=SEEN)

    read = vmware.read(VMWARE, world.access())

    assert (read.user_data, read.instance_id, read.hostname) == (None, "vm-1", "node7")
    assert read.network is not None
    assert [entry.name for entry in read.network.interfaces] == ["ens192"]


def test_the_ovf_environment_on_a_disc(tmp_path: Path) -> None:
    text = base64.b64encode(CONFIG).decode()
    write(
        tmp_path / "mounted/sr0",
        ovf_DASH_env_DOT_xml='<Environment xmlns:oe="http://schemas.dmtf.org/ovf/environment/1">'
        f'<PropertySection><Property oe:key="user-data" oe:value="{text}"/>'
        '<Property oe:key="hostname" oe:value="appliance"/>'
        f'<Property oe:key="public-keys" oe:value="{KEY}"/></PropertySection></Environment>',
    )
    world = World(tmp_path, answers={"info-get guestinfo.nothing": ""}, observation=SEEN)

    read = vmware.read(Identified("vmware", "", "/dev/sr0", "iso9660"), world.access())

    assert (read.user_data, read.hostname, read.ssh_keys) == (CONFIG, "appliance", (KEY,))


def test_vmwares_variables_are_overwritten_and_then_the_config_counts_as_taken_away(tmp_path: Path) -> None:
    world = World(tmp_path, answers=variable(userdata="secret"), observation=SEEN)
    vmware.redact(world.access())
    after = World(tmp_path, answers=variable(userdata="---"), observation=SEEN)

    assert ["vmware-rpctool", "info-set guestinfo.userdata ---"] in world.ran
    assert "secret" not in repr(world.ran)
    read = vmware.read(VMWARE, after.access())
    assert (read.user_data, read.is_redacted, read.instance_id) == (None, True, UUID)


def test_an_encoding_that_is_not_known_is_an_error_without_the_text(tmp_path: Path) -> None:
    answers = variable(userdata="s3cret", userdata__encoding="rot13")

    with pytest.raises(SourceError, match="rot13") as failure:
        vmware.read(VMWARE, World(tmp_path, answers=answers).access())
    assert "s3cret" not in str(failure.value)


def test_virtualboxs_property_is_read_and_deleted(tmp_path: Path) -> None:
    world = World(tmp_path, answers={"/Ignition/Config": "Value: hostname: node1\n"}, observation=SEEN)

    read = virtualbox.read(Identified("virtualbox", ""), world.access())
    virtualbox.redact(world.access())

    assert (read.user_data, read.instance_id, read.is_redacted) == (b"hostname: node1", UUID, False)
    assert world.ran[-1] == ["VBoxControl", "--nologo", "guestproperty", "delete", "/Ignition/Config"]


def test_virtualboxs_property_that_is_gone_was_taken_away(tmp_path: Path) -> None:
    world = World(tmp_path, answers={"/Ignition/Config": "No value set!"}, observation=SEEN)

    read = virtualbox.read(Identified("virtualbox", ""), world.access())

    assert (read.user_data, read.is_redacted) == (None, True)


AZURE_INSTANCE = '{"compute": {"vmId": "AB-1", "name": "vm1"}, "network": {"interface": []}}'
AZURE_DISC = f"""<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure">
 <wa:ProvisioningSection><wa:Version>1.0</wa:Version>
  <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
   <HostName>from-disc</HostName><UserName>ops</UserName><UserPassword>s3cret</UserPassword>
   <SSH><PublicKeys><PublicKey><Fingerprint>F</Fingerprint><Value>{KEY}</Value></PublicKey></PublicKeys></SSH>
   <CustomData>{base64.b64encode(CONFIG).decode()}</CustomData>
  </LinuxProvisioningConfigurationSet>
 </wa:ProvisioningSection></Environment>"""


def test_azures_disc_has_what_its_service_has_not(tmp_path: Path) -> None:
    write(tmp_path / "mounted/sr0", ovf_DASH_env_DOT_xml=AZURE_DISC)
    pages = {"http://169.254.169.254/metadata/instance?api-version=2021-02-01": AZURE_INSTANCE}

    read = azure.read(Identified("azure", "", "/dev/sr0", "udf"), World(tmp_path, pages=pages).access())

    assert read == Provided(CONFIG, "CustomData", "ab-1", "from-disc", (KEY,))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', id="entities"),
        pytest.param("<a><b></a>", id="no XML"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_environment_that_is_no_plain_xml_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        ovf.parse(text.encode())
