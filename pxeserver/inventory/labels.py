"""One spelling for what machines say about themselves and what operators write down about them."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from uuid import UUID

from pxeserver.boot.client import JUNK_UUIDS
from pxeserver.inventory.model import Labels, Machine, normal_mac

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SUBNET = "subnet/"  # before the prefix length: the label of a group that asks for a network
ARCHITECTURES = {
    "aarch64": "arm64",
    "amd64": "x86_64",
    "i486": "i386",
    "i586": "i386",
    "i686": "i386",
    "x64": "x86_64",
    "x86": "i386",
    "x86-64": "x86_64",
}
# What boards say where nobody filled in a value (their vendors' SMBIOS defaults): thousands of machines say it.
JUNK_TEXTS = frozenset(
    {
        "",
        "0",
        "00000000",
        "0123456789",
        "123456789",
        "1234567890",
        "asset-1234567890",
        "chassis serial number",
        "default string",
        "empty",
        "n/a",
        "no asset information",
        "no asset tag",
        "none",
        "not available",
        "not specified",
        "system serial number",
        "to be filled by o.e.m.",
        "unknown",
        "xxxxxxxxxx",
    }
)


def is_label_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def normal_label(name: str, text: str) -> str:
    """The spelling that is compared. Empty for a value that must not select anything."""
    plain = " ".join(text.split()).casefold()
    if name == "mac":
        return normal_mac(text) or ""
    if name == "uuid":
        return _normal_uuid(plain)
    if name == "arch":
        return ARCHITECTURES.get(plain, plain)
    if name in ("asset", "serial") and plain in JUNK_TEXTS:
        return ""
    return plain


def normal_subnet(text: str) -> tuple[str, str]:
    """The label and value of a network such as 10.77.1.0/24; ValueError when it is none."""
    network = ip_network(text)
    return f"{SUBNET}{network.prefixlen}", str(network.network_address)


def said(labels: Labels, machine: Machine | None) -> dict[str, str]:
    """Everything that is known of a machine, in the spelling that selectors have. Its own file wins."""
    values = {
        **labels.others,
        "arch": labels.arch,
        "mac": labels.mac,
        "serial": labels.serial,
        "uuid": labels.uuid,
        **({"hostname": machine.hostname} if machine else {}),
    }
    return {name: normal_label(name, value) for name, value in values.items()}


def network_of(address: str, label: str) -> str:
    """The network, with the prefix length of a subnet's label, that an address is in. Empty if there is none."""
    try:
        return str(ip_network((ip_address(address), int(label.removeprefix(SUBNET))), strict=False)[0])
    except ValueError:  # no address known, or an IPv4 address and the prefix length of an IPv6 network
        return ""


def _normal_uuid(text: str) -> str:
    try:
        uuid = UUID(text)
    except ValueError:  # no UUID at all; as text it may still be what the operator wrote down
        return text
    return "" if uuid in JUNK_UUIDS else str(uuid)
