"""DigitalOcean's metadata service: one JSON document, and the user data."""

from __future__ import annotations

from msgspec import Struct

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.metadata import decoded, host_name, known, ssh_keys
from provision.platforms.networks.digitalocean import Dns, Nics, network
from provision.platforms.observation import Observation
from provision.platforms.service import Service


class MetaData(Struct, frozen=True):
    """/metadata/v1.json, in as far as it is of use."""

    droplet_id: int
    hostname: str = ""
    public_keys: tuple[str, ...] = ()
    region: str = ""
    interfaces: Nics = Nics()
    dns: Dns = Dns()


def identify(observation: Observation) -> Identified | None:
    if observation.said("sys_vendor") == "DigitalOcean":
        return Identified("digitalocean", "DMI vendor 'DigitalOcean'", needs_network=True)
    if names_platform(observation, "digitalocean"):
        return Identified("digitalocean", "kernel command line names digitalocean", needs_network=True)
    return None


def read(_identified: Identified, access: Access) -> Provided:
    service = Service(access)
    meta = decoded(service.demand("/metadata/v1.json"), MetaData, "/metadata/v1.json")
    public, private = meta.interfaces.public[:1], meta.interfaces.private[:1]
    return Provided(
        user_data=service.get("/metadata/v1/user-data") or None,
        instance_id=str(meta.droplet_id),
        hostname=host_name(meta.hostname),
        ssh_keys=ssh_keys(meta.public_keys),
        network=network(meta.interfaces, meta.dns),
        facts=known(
            public_ipv4=public[0].ipv4.ip_address if public and public[0].ipv4 else None,
            private_ipv4=private[0].ipv4.ip_address if private and private[0].ipv4 else None,
            region=meta.region,
        ),
    )


DIGITALOCEAN = Platform("digitalocean", "DigitalOcean", identify, read)
