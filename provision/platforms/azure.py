"""Azure: its metadata service, and the CD-ROM that is there at the first boot (custom data, OVF environment)."""

from __future__ import annotations

from msgspec import Struct, field

from provision.platforms import ovf
from provision.platforms.contract import (
    Access,
    Identified,
    Platform,
    Provided,
    names_platform,
    read_optional,
)
from provision.platforms.encodings import decode
from provision.platforms.metadata import decoded, host_name, known, ssh_keys
from provision.platforms.networks.azure import Nics, network
from provision.platforms.observation import Observation
from provision.platforms.service import Service

ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"  # "MSFT AZURE VM" in digits; Hyper-V elsewhere has others
INSTANCE = "/metadata/instance?api-version=2021-02-01"
USER_DATA = "/metadata/instance/compute/userData?api-version=2021-01-01&format=text"
# The service says these for some seconds while it learns of the machine.
PASSING = frozenset({404, 410})


class PublicKey(Struct, frozen=True, rename="camel"):
    key_data: str = ""


class OsProfile(Struct, frozen=True, rename="camel"):
    computer_name: str = ""


class Compute(Struct, frozen=True, rename="camel"):
    vm_id: str
    name: str = ""
    location: str = ""
    zone: str = ""
    public_keys: tuple[PublicKey, ...] = ()
    os_profile: OsProfile = OsProfile()


class Instance(Struct, frozen=True):
    """/metadata/instance, in as far as it is of use."""

    compute: Compute
    network: Nics = field(default_factory=Nics)


def identify(observation: Observation) -> Identified | None:
    if observation.said("chassis_asset_tag") == ASSET_TAG:
        because = f"DMI asset tag {ASSET_TAG}"
    elif names_platform(observation, "azure"):
        because = "kernel command line names azure"
    else:
        return None
    drive = next((volume for volume in observation.volumes if volume.type == "udf"), None)
    place = "" if drive is None else drive.device
    return Identified("azure", because, place, "udf", needs_network=True)


def read(identified: Identified, access: Access) -> Provided:
    service = Service(access, headers={"Metadata": "true"}, passing=PASSING)
    instance = decoded(service.demand(INSTANCE), Instance, "/metadata/instance")
    text = (service.text(USER_DATA) or "").strip()
    disc = _read_disc(identified, access)
    compute = instance.compute
    first = next(iter(instance.network.interface), None)
    address = first.ipv4.ip_address[0] if first and first.ipv4.ip_address else None
    return Provided(
        user_data=decode(text, "base64", "userData") if text else disc.user_data,
        file="userData" if text else disc.file,
        instance_id=compute.vm_id.lower(),
        hostname=host_name(compute.os_profile.computer_name or disc.hostname or compute.name),
        ssh_keys=ssh_keys([key.key_data for key in compute.public_keys]) or disc.ssh_keys,
        network=network(instance.network),
        facts=known(
            private_ipv4=address and address.private_ip_address,
            public_ipv4=address and address.public_ip_address,
            region=compute.location,
            zone=compute.zone,
        ),
    )


def _read_disc(identified: Identified, access: Access) -> Provided:
    """The disc is taken away when the machine has said that it is ready: later boots have none."""
    if not identified.place:
        return Provided()
    with access.mounted(identified.place, identified.type) as files:
        described = read_optional(files / ovf.FILE, limit_bytes=ovf.MAX_BYTES)
        custom = read_optional(files / "CustomData.bin")
    if described is None:
        return Provided()
    environment = ovf.parse(described)
    text = environment.text("CustomData")
    return Provided(
        user_data=decode(text, "base64", "CustomData") if text else custom,
        file="CustomData",
        hostname=host_name(environment.text("HostName")),
        ssh_keys=ssh_keys(environment.texts.get("Value", ())),
    )


AZURE = Platform("azure", "Azure", identify, read)
