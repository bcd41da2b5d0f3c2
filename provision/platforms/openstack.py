"""OpenStack's metadata, from its service (169.254.169.254, fe80::a9fe:a9fe) or a config drive: the same tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from provision.errors import SourceError
from provision.platforms.contract import (
    Access,
    Identified,
    Platform,
    Provided,
    names_platform,
    read_optional,
)
from provision.platforms.metadata import decoded, host_name, known, ssh_keys
from provision.platforms.networks.openstack import NetworkData, network
from provision.platforms.observation import Observation
from provision.platforms.service import IPV4, Service

PRODUCTS = ("OpenStack Nova", "OpenStack Compute")
# Clouds built on OpenStack that put their own name where Nova would put its.
ASSET_TAGS = (*PRODUCTS, "HUAWEICLOUD", "OpenTelekomCloud", "SAP CCloud VM", "Samsung Cloud Platform")
LABELS = ("config-2", "CONFIG-2")
TREE = "openstack/latest"


class MetaData(Struct, frozen=True):
    """meta_data.json, in as far as it is of use."""

    uuid: str
    hostname: str = ""
    public_keys: Mapping[str, str] | None = None
    availability_zone: str | None = None
    region: str | None = field(default=None, name="region_name")


def identify_drive(observation: Observation) -> Identified | None:
    """Only file systems that config drives have: Nova writes iso9660 or vfat."""
    volume = observation.labelled(*LABELS)
    if volume is None:
        return None
    return Identified(
        "config-drive", f"{volume.device} is labelled {volume.label}", volume.device, volume.type
    )


def identify(observation: Observation) -> Identified | None:
    if observation.said("product_name") in PRODUCTS:
        because = f"DMI product {observation.said('product_name')!r}"
    elif observation.said("chassis_asset_tag") in ASSET_TAGS:
        because = f"DMI asset tag {observation.said('chassis_asset_tag')!r}"
    elif names_platform(observation, "openstack"):
        because = "kernel command line names openstack"
    else:
        return None
    return Identified("openstack", because, needs_network=True)


def read(_identified: Identified, access: Access) -> Provided:
    link_local = (f"http://[fe80::a9fe:a9fe%25{name}]" for name in access.interfaces())
    service = Service(access, (IPV4, *link_local))
    provided = read_tree(lambda name: service.get(f"/{TREE}/{name}"))
    if provided is None:
        raise SourceError(f"the metadata service has no /{TREE}/meta_data.json", hint="is it OpenStack's?")
    return provided


def read_drive(identified: Identified, access: Access) -> Provided:
    with access.mounted(identified.place, identified.type) as files:
        provided = read_tree(lambda name: read_optional(files / TREE / name))
        if provided is None:  # CloudStack's drives have the same label
            provided = _read_cloudstack(lambda name: read_optional(files / "cloudstack" / name))
    if provided is None:
        hint = "the drive is damaged, or no config drive: give it another label"
        raise SourceError(f"{identified.place} has no {TREE}/meta_data.json", hint=hint)
    return provided


def read_tree(get: Callable[[str], bytes | None]) -> Provided | None:
    """None when there is no metadata, which every instance has."""
    data = get("meta_data.json")
    if data is None:
        return None
    meta = decoded(data, MetaData, "meta_data.json")
    described = get("network_data.json")
    net, warnings = network(decoded(described, NetworkData, "network_data.json")) if described else (None, ())
    return Provided(
        user_data=get("user_data"),
        file="user_data",
        instance_id=meta.uuid,
        hostname=host_name(meta.hostname),
        ssh_keys=ssh_keys(meta.public_keys or {}),
        network=net,
        facts=known(zone=meta.availability_zone, region=meta.region),
        warnings=warnings,
    )


def _read_cloudstack(get: Callable[[str], bytes | None]) -> Provided | None:
    def text(name: str) -> str:
        return (get(f"metadata/{name}.txt") or b"").decode("utf-8", "replace").strip()

    instance_id = text("instance_id")
    if not instance_id:
        return None
    return Provided(
        user_data=get("userdata/user_data.txt"),
        file="user_data.txt",
        instance_id=instance_id,
        hostname=host_name(text("local_hostname")),
        ssh_keys=ssh_keys(text("public_keys")),
        facts=known(zone=text("availability_zone"), public_ipv4=text("public_ipv4")),
    )


CONFIG_DRIVE = Platform("config-drive", "config drive (OpenStack, CloudStack)", identify_drive, read_drive)
OPENSTACK = Platform("openstack", "OpenStack", identify, read)
