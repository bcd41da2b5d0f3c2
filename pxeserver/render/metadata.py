"""One machine as the metadata services of clouds show it: trees of text, for images that know no other source.

Every file is there, if only empty: cloud-init asks for seconds for one that is not. Layouts: cloud-init's
documentation of NoCloud; the EC2 instance metadata categories; OpenStack's metadata service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

Tree = Mapping[str, "str | Tree"]
"""Names to texts, or to further trees."""

EC2_VERSIONS = ("2009-04-04", "2016-09-02", "2018-09-24", "latest")
OPENSTACK_VERSIONS = ("2018-08-27", "latest")
ZONE = "pxeserver"


@dataclass(frozen=True, slots=True)
class Instance:
    """`address` is empty when none is known. `network_config` is in cloud-init's language; None: DHCP."""

    mac: str
    uuid: str
    hostname: str
    address: str
    public_keys: tuple[str, ...]
    user_data: str
    vendor_data: str
    network_config: str | None

    @property
    def id(self) -> str:
        """The same at every boot of the machine: systems do again for another one what they do once."""
        return f"i-{self.mac.replace(':', '')}"


def nocloud_tree(instance: Instance) -> Tree:
    # JSON is YAML.
    meta = {
        "instance-id": instance.id,
        "local-hostname": instance.hostname,
        "public-keys": list(instance.public_keys),
    }
    return {
        "meta-data": json.dumps(meta, indent=1) + "\n",
        "user-data": instance.user_data,
        "vendor-data": instance.vendor_data,
        "network-config": instance.network_config or _dhcp_config(instance),
    }


def ec2_tree(instance: Instance) -> Tree:
    known = {"local-ipv4": instance.address} if instance.address else {}
    interface = {
        "device-number": "0",
        "mac": instance.mac,
        "local-hostname": instance.hostname,
        **({"local-ipv4s": instance.address} if instance.address else {}),
    }
    keys = {f"{number}": {"openssh-key": key} for number, key in enumerate(instance.public_keys)}
    return {
        "meta-data": {
            "ami-id": "none",
            "hostname": instance.hostname,
            "instance-id": instance.id,
            "instance-type": "metal",
            "local-hostname": instance.hostname,
            **known,
            "mac": instance.mac,
            "network": {"interfaces": {"macs": {instance.mac: interface}}},
            "placement": {"availability-zone": ZONE},
            **({"public-keys": keys} if keys else {}),
        },
        "dynamic": {
            "instance-identity": {"document": json.dumps({"instanceId": instance.id, "region": ZONE})}
        },
        "user-data": instance.user_data,
    }


def openstack_tree(instance: Instance) -> Tree:
    meta = {
        "uuid": _uuid(instance),
        "name": instance.hostname,
        "hostname": instance.hostname,
        "availability_zone": ZONE,
        "launch_index": 0,
        "public_keys": {f"key{number}": key for number, key in enumerate(instance.public_keys)},
        "meta": {},
        "devices": [],
    }
    network = {
        "links": [{"id": "boot", "type": "phy", "ethernet_mac_address": instance.mac}],
        "networks": [{"id": "network0", "link": "boot", "type": "ipv4_dhcp"}],
        "services": [],
    }
    return {
        "meta_data.json": json.dumps(meta),
        "network_data.json": json.dumps(network),
        "user_data": instance.user_data,
        "vendor_data.json": json.dumps({"cloud-init": instance.vendor_data} if instance.vendor_data else {}),
        "vendor_data2.json": "{}",
    }


def find(tree: Tree, path: str) -> str | None:
    """The text at a path; a listing for a directory; None when there is nothing."""
    found: str | Tree = tree
    for part in filter(None, path.split("/")):
        if isinstance(found, str) or part not in found:
            return None
        found = found[part]
    return found if isinstance(found, str) else _listing(found, path)


def _listing(tree: Tree, path: str) -> str:
    if path.rstrip("/").endswith("public-keys"):  # "0=name": EC2's own form for keys
        return "\n".join(f"{number}=key{number}" for number in tree)
    return "\n".join(name if isinstance(content, str) else f"{name}/" for name, content in tree.items())


def _uuid(instance: Instance) -> str:
    try:
        return str(UUID(instance.uuid))
    except ValueError:  # the firmware says none, or one that thousands of boards have
        return str(uuid5(NAMESPACE_OID, instance.id))


def _dhcp_config(instance: Instance) -> str:
    interface = {"match": {"macaddress": instance.mac}, "dhcp4": True}
    return json.dumps({"version": 2, "ethernets": {"boot": interface}}) + "\n"
