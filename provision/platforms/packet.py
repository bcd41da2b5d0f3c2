"""Packet, now Equinix Metal: bare machines. Nothing in their firmware tells; the image's kernel command line does."""

from __future__ import annotations

from msgspec import Struct

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.metadata import decoded, host_name, known, ssh_keys
from provision.platforms.networks.packet import Address, Net, network
from provision.platforms.observation import Observation
from provision.platforms.service import Service

BASE = "https://metadata.packet.net"  # the one service without an address of its own: it needs DNS


class MetaData(Struct, frozen=True):
    """/metadata, in as far as it is of use."""

    id: str
    hostname: str = ""
    ssh_keys: tuple[str, ...] = ()
    facility: str = ""
    network: Net = Net()


def identify(observation: Observation) -> Identified | None:
    if names_platform(observation, "packet", "equinix", "equinixmetal"):
        return Identified("packet", "kernel command line names packet", needs_network=True)
    return None


def read(_identified: Identified, access: Access) -> Provided:
    service = Service(access, (BASE,), headers={"Accept": "*/*"})  # it answers nothing without
    meta = decoded(service.demand("/metadata"), MetaData, "/metadata")
    return Provided(
        user_data=service.get("/userdata") or None,
        instance_id=meta.id,
        hostname=host_name(meta.hostname),
        ssh_keys=ssh_keys(meta.ssh_keys),
        network=network(meta.network),
        facts=known(
            public_ipv4=_first(meta.network.addresses, is_public=True),
            private_ipv4=_first(meta.network.addresses, is_public=False),
            region=meta.facility,
        ),
    )


def _first(addresses: tuple[Address, ...], *, is_public: bool) -> str | None:
    found = (a.address for a in addresses if a.public is is_public and a.address_family == 4)
    return next(found, None)


PACKET = Platform("packet", "Packet (Equinix Metal)", identify, read)
