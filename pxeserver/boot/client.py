"""What kind of client sent a DHCP packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pxeserver.boot.architectures import Architecture, find_architecture
from pxeserver.dhcp.options import IpxeFeature, Option, read_options, read_text, read_u16_list
from pxeserver.dhcp.packet import Packet
from pxeserver.wire import WireError


class ClientKind(StrEnum):
    PXE = "pxe firmware"
    IPXE = "ipxe"
    """An iPXE that can run our boot script."""
    LIMITED_IPXE = "limited ipxe"
    """A vendor's iPXE that lacks HTTP or Linux kernels: it needs our loader first."""
    HTTP = "http boot firmware"
    PLAIN = "dhcp client"
    """No network boot: an operating system, a printer."""


@dataclass(frozen=True)
class Client:
    kind: ClientKind
    architecture_codes: tuple[int, ...] = ()
    """Option 93 as sent: all values."""
    architecture: Architecture | None = None
    """None if there is no loader for any of the codes."""
    uuid: str | None = None
    """Lower case, as dmidecode prints it. None if absent or a value known not to be unique."""
    ipxe_features: frozenset[int] = frozenset()


# Values that boards ship with unset: they name thousands of machines, so they must not select one.
JUNK_UUIDS = frozenset(
    UUID(text)
    for text in (
        "00000000-0000-0000-0000-000000000000",
        "00020003-0004-0005-0006-000700080009",
        "03000200-0400-0500-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    )
)


def is_junk_uuid(text: str) -> bool:
    """Whether thousands of boards have this UUID: then it must not select one."""
    try:
        return UUID(text) in JUNK_UUIDS
    except ValueError:  # no UUID at all; as text it may still be what the operator wrote down
        return False


def classify(packet: Packet) -> Client:
    """Who is asking. Never fails: an option that makes no sense counts as absent."""
    options = packet.options
    codes = read_u16_list(options.get(Option.CLIENT_ARCHITECTURE, b""))
    uuid = _read_uuid(options.get(Option.CLIENT_UUID, b""))
    if not codes:
        return Client(ClientKind.PLAIN, uuid=uuid)
    architecture = find_architecture(codes, packet.chaddr)
    features = _ipxe_features(options)
    return Client(_kind(options, architecture, features), codes, architecture, uuid, features)


def _kind(
    options: Mapping[int, bytes], architecture: Architecture | None, features: frozenset[int]
) -> ClientKind:
    # iPXE sends its user class raw; others put RFC 3004's length byte in front.
    if options.get(Option.USER_CLASS, b"").rstrip(b"\0") in (b"iPXE", b"\x04iPXE") or Option.IPXE in options:
        return ClientKind.IPXE if _can_run_boot_script(features) else ClientKind.LIMITED_IPXE
    vendor_class = read_text(options.get(Option.VENDOR_CLASS, b""))
    if vendor_class.startswith("HTTPClient") or (architecture is not None and architecture.boots_over_http):
        return ClientKind.HTTP
    return ClientKind.PXE


def _can_run_boot_script(features: frozenset[int]) -> bool:
    return IpxeFeature.HTTP in features and (IpxeFeature.BZIMAGE in features or IpxeFeature.EFI in features)


def _ipxe_features(options: Mapping[int, bytes]) -> frozenset[int]:
    try:
        encapsulated = read_options(options.get(Option.IPXE, b""))
    except WireError:  # a damaged list claims nothing; the client is then given our own iPXE
        return frozenset()
    return frozenset(number for number, value in encapsulated.items() if value not in (b"", b"\0"))


def _read_uuid(value: bytes) -> str | None:
    # Type 0, then the UUID, its first three fields little-endian as in SMBIOS (RFC 4578 sec. 2.3).
    if len(value) != 17 or value[0] != 0:
        return None
    uuid = UUID(bytes_le=value[1:])
    return None if uuid in JUNK_UUIDS or UUID(bytes=value[1:]) in JUNK_UUIDS else str(uuid)
