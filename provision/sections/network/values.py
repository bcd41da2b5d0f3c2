"""Checks of single values: addresses, networks, MAC addresses, interface names, WireGuard keys."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterator

from provision.findings import Place, Problem, error
from provision.sections.urls import is_ip
from provision.variables import has_variable

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAC_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")

# The kernel's dev_valid_name() and IFNAMSIZ; systemd refuses numbers and the names of sysctl's own entries.
DEVICE_NAME = re.compile(r"(?!\d+$|all$|default$|\.{1,2}$)[^\s/:%]{1,15}")


def check_mac(text: str, place: Place) -> Iterator[Problem]:
    if has_variable(text):
        return
    if not MAC_ADDRESS.fullmatch(text):
        hint = "six pairs of hexadecimal digits: 52:54:00:12:34:56"
        yield error("mac", place, f"{text!r} is no MAC address", hint)
    elif int(text[:2], 16) & 1:  # IEEE 802 8.2: the lowest bit of the first octet marks a group
        hint = "the second digit of an interface's address is even"
        yield error("mac-multicast", place, f"{text!r} is a multicast address, no interface has it", hint)
    elif not text.strip("0:-"):
        yield error("mac", place, "no interface has the address of zeros")


def mac_text(mac: str | None) -> str | None:
    return mac and mac.lower().replace("-", ":")


def check_device_name(text: str, place: Place) -> Iterator[Problem]:
    if not has_variable(text) and not DEVICE_NAME.fullmatch(text):
        hint = "1 to 15 characters, no spaces, / or :, not only digits"
        yield error("device-name", place, f"{text!r} cannot name an interface", hint)


def check_address(text: str, place: Place) -> Iterator[Problem]:
    """An address of this machine, with the length of its network's prefix."""
    if has_variable(text):
        return
    if "/" not in text and is_ip(text):
        prefix = 64 if ":" in text else 24
        yield error("address", place, f"{text!r} has no prefix length", f"for example {text}/{prefix}")
        return
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        message = f"{text!r} is no address with prefix length"
        yield error("address", place, message, "for example 10.77.0.11/24")
        return
    if not re.fullmatch(r"[^/]+/\d+", text):
        yield error("address", place, f"{text!r} has a netmask", f"write {address.with_prefixlen}")
    elif address.version == 4 and address.network.prefixlen < 31:
        yield from _check_host_part(address, text, place)


def _check_host_part(
    address: ipaddress.IPv4Interface | ipaddress.IPv6Interface, text: str, place: Place
) -> Iterator[Problem]:
    if address.ip == address.network[0]:
        yield error("address", place, f"{text!r} is the network's own address", "a host has one above it")
    elif address.ip == address.network[-1]:
        hint = "a host has one below it"
        yield error("address", place, f"{text!r} is the network's broadcast address", hint)


def check_ip(text: str, place: Place) -> Iterator[Problem]:
    if not has_variable(text) and not is_ip(text):
        yield error("ip", place, f"{text!r} is no IP address")


def check_network(text: str, place: Place) -> Iterator[Problem]:
    """A network with the length of its prefix, and no bits behind it."""
    if has_variable(text):
        return
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield error("network-address", place, f"{text!r} is no network", "for example 10.0.0.0/8")
        return
    if not re.fullmatch(r"[^/]+/\d+", text) or network.network_address != ipaddress.ip_interface(text).ip:
        yield error("network-address", place, f"{text!r} is no network", f"write {network}")


def ip_of(text: str | None) -> IPAddress | None:
    """None for what is no address; that is reported where it stands."""
    return ipaddress.ip_address(text) if text is not None and is_ip(text) else None


def network_of(text: str | None) -> IPNetwork | None:
    """The network of an address with prefix length, or a network itself."""
    try:
        return None if text is None else ipaddress.ip_interface(text).network
    except ValueError:
        return None


def contains(network: IPNetwork, address: IPAddress) -> bool:
    return network.version == address.version and address in network


def check_wireguard_key(text: str, place: Place) -> Iterator[Problem]:
    """Says nothing of the value: it may be a private key, in this field or by mistake in it."""
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:  # also for characters that are not ASCII
        size = -1
    # 32 bytes in base64 are 44 characters, with the padding that wg(8) prints and networkd wants.
    if size != 32 or len(text) != 44:
        reason = "no base64" if size < 0 else f"{size} bytes, a key has 32"
        yield error("wireguard-key", place, f"this is no WireGuard key: {reason}", "was the key cut?")
