"""Hetzner Cloud's metadata service: one YAML document, and the user data."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.metadata import converted, host_name, known, ssh_keys, yaml_mapping
from provision.platforms.networks.described import network
from provision.platforms.observation import Observation
from provision.platforms.service import Service

ROOT = "/hetzner/v1"


class MetaData(Struct, frozen=True, rename="kebab"):
    """/hetzner/v1/metadata, in as far as it is of use."""

    instance_id: int | str
    hostname: str = ""
    public_keys: tuple[str, ...] | None = ()
    public_ipv4: str = ""
    region: str = ""
    availability_zone: str = ""
    network_config: dict[str, Any] | None = None


def identify(observation: Observation) -> Identified | None:
    if observation.said("sys_vendor") == "Hetzner":  # its bare machines name their makers
        return Identified("hetzner", "DMI vendor 'Hetzner'", needs_network=True)
    if names_platform(observation, "hetzner"):
        return Identified("hetzner", "kernel command line names hetzner", needs_network=True)
    return None


def read(_identified: Identified, access: Access) -> Provided:
    service = Service(access)
    path = f"{ROOT}/metadata"
    meta = converted(yaml_mapping(service.demand(path), path), MetaData, path)
    net, warnings = network(meta.network_config) if meta.network_config else (None, ())
    return Provided(
        user_data=service.get(f"{ROOT}/userdata") or None,
        instance_id=str(meta.instance_id),
        hostname=host_name(meta.hostname),
        ssh_keys=ssh_keys(meta.public_keys or ()),
        network=net,
        facts=known(public_ipv4=meta.public_ipv4, region=meta.region, zone=meta.availability_zone),
        warnings=warnings,
    )


HETZNER = Platform("hetzner", "Hetzner Cloud", identify, read)
