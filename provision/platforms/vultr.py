"""Vultr's metadata service: one JSON document, and the user data."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from msgspec import Struct, field

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.metadata import decoded, host_name, known, ssh_keys
from provision.platforms.observation import Observation
from provision.platforms.service import Service

if TYPE_CHECKING:
    from provision.sections.network.types import Interface, Network


class IPv4(Struct, frozen=True):
    address: str = ""
    netmask: str = ""


class Nic(Struct, frozen=True):
    mac: str
    ipv4: IPv4 = IPv4()
    network_type: str = field(default="", name="network-type")


class Region(Struct, frozen=True):
    regioncode: str = ""


class MetaData(Struct, frozen=True):
    """/v1.json, in as far as it is of use."""

    instanceid: str
    uuid: str = field(default="", name="instance-v2-id")
    hostname: str = ""
    public_keys: tuple[str, ...] | str = field(default=(), name="public-keys")
    interfaces: tuple[Nic, ...] = ()
    region: Region = Region()


def identify(observation: Observation) -> Identified | None:
    if observation.said("sys_vendor") == "Vultr":
        return Identified("vultr", "DMI vendor 'Vultr'", needs_network=True)
    if names_platform(observation, "vultr"):
        return Identified("vultr", "kernel command line names vultr", needs_network=True)
    return None


def read(_identified: Identified, access: Access) -> Provided:
    service = Service(access)
    meta = decoded(service.demand("/v1.json"), MetaData, "/v1.json")
    addresses = {nic.network_type: nic.ipv4.address for nic in reversed(meta.interfaces)}
    return Provided(
        user_data=service.get("/user-data/user-data") or None,
        instance_id=meta.uuid or meta.instanceid,
        hostname=host_name(meta.hostname),
        ssh_keys=ssh_keys(meta.public_keys),
        network=network(meta.interfaces),
        facts=known(
            public_ipv4=addresses.get("public"),
            private_ipv4=addresses.get("private"),
            region=meta.region.regioncode,
        ),
    )


def network(nics: tuple[Nic, ...]) -> Network | None:
    """DHCP answers on public networks; on private ones addresses are static."""
    from provision.sections.network.types import Network

    interfaces = tuple(_interface(nic, order) for order, nic in enumerate(nics))
    return Network(interfaces=interfaces) if interfaces else None


def _interface(nic: Nic, order: int) -> Interface:
    from provision.sections.network.types import Interface, Match

    match = Match(mac=nic.mac.lower())
    if nic.network_type == "public" or not nic.ipv4.address:
        return Interface(name=f"nic{order}", match=match, dhcp="ipv4", accept_ra=True)
    prefix = ipaddress.ip_network(f"0.0.0.0/{nic.ipv4.netmask}").prefixlen
    return Interface(name=f"nic{order}", match=match, addresses=(f"{nic.ipv4.address}/{prefix}",))


VULTR = Platform("vultr", "Vultr", identify, read)
