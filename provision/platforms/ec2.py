"""Amazon EC2's instance metadata service, version 2 (with tokens), over IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Iterator

from provision.platforms.contract import Access, Identified, Platform, Provided, names_platform
from provision.platforms.metadata import host_name, known, ssh_keys
from provision.platforms.networks.ec2 import Nic, network
from provision.platforms.observation import Observation
from provision.platforms.service import IPV4, Service, TokenRule

BASES = (IPV4, "http://[fd00:ec2::254]")
VERSION = "/2021-03-23"
TOKEN = TokenRule(
    path="/latest/api/token",
    request={"X-aws-ec2-metadata-token-ttl-seconds": "21600"},
    header="X-aws-ec2-metadata-token",
)
MACS = f"{VERSION}/meta-data/network/interfaces/macs/"


def identify(observation: Observation) -> Identified | None:
    because = _reason(observation)
    return None if because is None else Identified("ec2", because, needs_network=True)


def _reason(observation: Observation) -> str | None:
    if observation.said("sys_vendor") == "Amazon EC2":
        return "DMI vendor 'Amazon EC2'"
    if observation.hypervisor_uuid.startswith("ec2"):
        return "hypervisor UUID begins with ec2"
    # One UUID in 4096 begins so by chance; Amazon's Xen also gives it as the serial number.
    uuid, serial = observation.said("product_uuid").lower(), observation.said("product_serial").lower()
    if uuid.startswith("ec2") and uuid == serial:
        return "DMI UUID and serial number begin with ec2"
    return "kernel command line names ec2" if names_platform(observation, "ec2", "aws") else None


def read(_identified: Identified, access: Access) -> Provided:
    return read_service(Service(access, BASES, token=TOKEN))


def read_service(service: Service) -> Provided:
    meta = f"{VERSION}/meta-data"
    instance_id = service.text(f"{meta}/instance-id")
    nics = tuple(_nics(service))
    names = (service.text(f"{meta}/hostname") or "").split()
    return Provided(
        user_data=service.get(f"{VERSION}/user-data"),
        instance_id=instance_id,
        hostname=host_name(names[0]) if names else None,
        ssh_keys=_keys(service, meta),
        network=network(nics),
        facts=known(
            private_ipv4=service.text(f"{meta}/local-ipv4"),
            public_ipv4=service.text(f"{meta}/public-ipv4"),
            region=service.text(f"{meta}/placement/region"),
            zone=service.text(f"{meta}/placement/availability-zone"),
        ),
    )


def _keys(service: Service, meta: str) -> tuple[str, ...]:
    """`public-keys/` lists lines `0=name`."""
    numbers = [line.partition("=")[0] for line in (service.text(f"{meta}/public-keys/") or "").splitlines()]
    return ssh_keys([service.text(f"{meta}/public-keys/{number}/openssh-key") or "" for number in numbers])


def _nics(service: Service) -> Iterator[Nic]:
    for line in (service.text(MACS) or "").splitlines():
        mac = line.strip("/ ")
        if not mac:
            continue
        items = set((service.text(f"{MACS}{mac}/") or "").split())
        yield Nic(mac, **{field: _item(service, mac, name, items) for field, name in _FIELDS.items()})


_FIELDS = {
    "device_number": "device-number",
    "ipv4": "local-ipv4s",
    "ipv4_network": "subnet-ipv4-cidr-block",
    "ipv6": "ipv6s",
}


def _item(service: Service, mac: str, name: str, items: set[str]) -> tuple[str, ...]:
    """Only what the listing has is asked for: an interface without IPv6 has no such item."""
    return tuple((service.text(f"{MACS}{mac}/{name}") or "").split()) if name in items else ()


EC2 = Platform("ec2", "Amazon EC2", identify, read)
