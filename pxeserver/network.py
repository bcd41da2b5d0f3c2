"""The network interface that the server works on."""

from __future__ import annotations

from ipaddress import IPv4Interface
from pathlib import Path

import netifaces

from pxeserver.errors import StartError

DEFAULT_MTU_BYTES = 1500  # Ethernet, when the kernel does not say


def interface_address(name: str) -> IPv4Interface:
    """The interface's first IPv4 address with its network; StartError when there is none."""
    known = netifaces.interfaces()
    if name not in known:
        raise StartError(f"there is no interface {name!r}; there are: {', '.join(sorted(known))}")
    addresses = netifaces.ifaddresses(name).get(netifaces.InterfaceType.AF_INET, [])
    if not addresses:
        raise StartError(f"{name} has no IPv4 address; give it one: ip address add 10.77.0.1/24 dev {name}")
    first = addresses[0]
    return IPv4Interface(f"{first['addr']}/{first['mask']}")


def interface_mac(name: str) -> str:
    """Its MAC address in lower case with colons; empty when the interface has none or went away."""
    try:
        return (Path("/sys/class/net") / name / "address").read_text().strip()
    except OSError:
        return ""


def has_address(name: str, address: str) -> bool:
    """Whether the interface has this IPv4 address, apart from its first one."""
    addresses = netifaces.ifaddresses(name).get(netifaces.InterfaceType.AF_INET, [])
    return any(entry["addr"] == address for entry in addresses)


def interface_mtu_bytes(name: str) -> int:
    try:
        return int((Path("/sys/class/net") / name / "mtu").read_text())
    except (OSError, ValueError):  # the interface went away, or /sys is another namespace's
        return DEFAULT_MTU_BYTES
