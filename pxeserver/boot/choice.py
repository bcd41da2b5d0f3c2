"""What a client is told to boot: file, vendor class and vendor options, or nothing."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from ipaddress import IPv4Address

from pxeserver.boot.architectures import Architecture, Firmware, Loader
from pxeserver.boot.client import Client, ClientKind
from pxeserver.boot.policy import ALLOWED, Permission, Verdict

MAX_BOOT_FILE_BYTES = 254  # option 67 without its NUL
# DISCOVERY_CONTROL (6) = 8: load the file named in this offer, without menu or search (PXE 2.1 sec. 2.3).
PXE_BOOT_FILE_OF_OFFER = b"\x06\x01\x08\xff"
# A Raspberry Pi looks for this entry in the boot menu (9), and wants a prompt (10), before it believes that a server
# means it: https://www.raspberrypi.com/documentation/computers/raspberry-pi.html, "Network boot".
RASPBERRY_PI_MENU = b"\x09\x14\x00\x00\x11Raspberry Pi Boot" + b"\x0a\x04\x00PXE" + b"\xff"


@dataclass(frozen=True)
class BootSources:
    """Where boot files are, for one client."""

    server: IPv4Address
    """Our address on the interface the client asked on."""
    boot_url: str
    """The iPXE script, such as http://10.77.0.1:8080/boot.ipxe."""
    loaders: Set[str]
    """File names of the loaders that are really served."""
    loader_url: str | None = None
    """Where loaders are served over HTTP, without a final slash. None: HTTP boot firmware is not answered."""


@dataclass(frozen=True)
class BootData:
    """What to boot, in the options of one kind of client."""

    file: str
    vendor_class: bytes
    reason: str
    vendor_options: bytes | None = None


@dataclass(frozen=True)
class NoBoot:
    reason: str


def choose_boot(
    client: Client, sources: BootSources, permission: Permission = ALLOWED, loader: str = Loader.IPXE
) -> BootData | NoBoot:
    """The boot data for a client, the same on all ports. `loader` is what the operator wants for the machine."""
    architecture = client.architecture
    if client.kind is ClientKind.PLAIN:
        return NoBoot("no option 93: not a network boot client")
    if permission.verdict is Verdict.SILENCE:
        return NoBoot(permission.reason)
    if client.kind is ClientKind.IPXE:
        return _boot_data(sources.boot_url, "iPXE gets the boot script")
    if architecture is None:
        return NoBoot(f"no loader for architecture {', '.join(map(str, client.architecture_codes))}")
    if loader.startswith(("http://", "https://")):
        if client.kind is ClientKind.HTTP:
            return _boot_data(loader, "HTTP boot firmware gets the profile's file", b"HTTPClient")
        return NoBoot(f"the loader is a URL: {architecture.name} firmware loads over TFTP only")
    return _loader_boot(client, architecture, architecture.loader(loader), sources)


def _loader_boot(
    client: Client, architecture: Architecture, file: str, sources: BootSources
) -> BootData | NoBoot:
    if file not in sources.loaders:
        return NoBoot(f"loader {file!r} for {architecture.name} is not installed")
    if client.kind is ClientKind.HTTP:
        if sources.loader_url is None:
            return NoBoot("loaders are not served over HTTP")
        return _boot_data(f"{sources.loader_url}/{file}", f"HTTP boot firmware gets {file}", b"HTTPClient")
    if client.kind is ClientKind.LIMITED_IPXE:
        # As URL: iPXE takes a bare name relative to whatever it was itself loaded from.
        return _boot_data(f"tftp://{sources.server}/{file}", f"limited iPXE gets {file}")
    return BootData(
        file, b"PXEClient", f"{architecture.name} firmware gets {file}", _vendor_options(architecture)
    )


def _vendor_options(architecture: Architecture) -> bytes | None:
    match architecture.firmware:
        case Firmware.BIOS:
            return PXE_BOOT_FILE_OF_OFFER
        case Firmware.RASPBERRY_PI:
            return RASPBERRY_PI_MENU
    # Without option 43, UEFI firmware asks again on port 4011, the way all of it supports; some of it ignores
    # offers that try to spare it the question.
    return None


def _boot_data(url: str, reason: str, vendor_class: bytes = b"PXEClient") -> BootData | NoBoot:
    if len(url) > MAX_BOOT_FILE_BYTES:
        return NoBoot(f"boot URL of {len(url)} bytes: option 67 has room for {MAX_BOOT_FILE_BYTES}")
    return BootData(url, vendor_class, reason)
