"""DHCP option numbers, and what their bytes mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from ipaddress import IPv4Address

from pxeserver.wire import WireError


class Option(IntEnum):
    """The options this server reads or writes: RFC 2132 unless the row says otherwise."""

    SUBNET_MASK = 1
    ROUTER = 3
    DNS_SERVERS = 6
    HOSTNAME = 12
    DOMAIN = 15
    VENDOR_OPTIONS = 43
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    OVERLOAD = 52
    MESSAGE_TYPE = 53
    SERVER_ID = 54
    PARAMETER_LIST = 55
    MESSAGE = 56
    MAX_MESSAGE_SIZE = 57
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    VENDOR_CLASS = 60
    CLIENT_ID = 61
    TFTP_SERVER = 66
    BOOT_FILE = 67
    USER_CLASS = 77  # RFC 3004
    RELAY_AGENT = 82  # RFC 3046
    CLIENT_ARCHITECTURE = 93  # RFC 4578 sec. 2.1
    CLIENT_INTERFACE = 94  # RFC 4578 sec. 2.2
    CLIENT_UUID = 97  # RFC 4578 sec. 2.3
    IPXE = 175  # iPXE's own: options inside an option


class IpxeFeature(IntEnum):
    """Options inside option 175: what iPXE was built with, or an order to it (iPXE features.h, dhcp.h)."""

    HTTP = 0x13
    BZIMAGE = 0x18
    EFI = 0x24
    NO_PROXY_DHCP = 0xB0


class RelayOption(IntEnum):
    """Options inside option 82."""

    LINK_SELECTION = 5  # RFC 3527


class PxeOption(IntEnum):
    """Options inside option 43 of PXE clients (PXE 2.1 table 2-1)."""

    BOOT_ITEM = 71


class MessageType(IntEnum):
    """Option 53 (RFC 2132 sec. 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


PAD = 0
END = 255
MAX_OPTION_BYTES = 255  # the length is one byte; longer values are sent in several parts (RFC 3396)


def read_options(area: bytes) -> dict[int, bytes]:
    """Values by option number, in order of appearance; parts of one option are joined (RFC 3396 sec. 7).

    A missing end option is accepted, as real clients leave it out. A value cut short is a `WireError`.
    """
    values: dict[int, bytes] = {}
    position = 0
    while position < len(area) and area[position] != END:
        number = area[position]
        position += 1
        if number == PAD:
            continue
        if position == len(area):
            raise WireError(f"option {number}: the length is missing")
        start = position + 1
        position = start + area[position]
        if position > len(area):
            raise WireError(f"option {number}: {area[start - 1]} bytes announced, {len(area) - start} left")
        values[number] = values.get(number, b"") + area[start:position]
    return values


def write_options(values: Mapping[int, bytes]) -> bytes:
    """The options in the given order, each split where it is longer than 255 bytes; without an end option."""
    return b"".join(_write_option(number, value) for number, value in values.items())


def _write_option(number: int, value: bytes) -> bytes:
    if not 0 < number < END:
        raise WireError(f"option {number}: the number must be from 1 to 254")
    parts = [value[i : i + MAX_OPTION_BYTES] for i in range(0, len(value), MAX_OPTION_BYTES)] or [b""]
    return b"".join(bytes((number, len(part))) + part for part in parts)


def read_text(value: bytes) -> str:
    """Text as clients send it: trailing NULs dropped, and bytes that are no ASCII shown as escapes."""
    return value.rstrip(b"\0").decode("ascii", "backslashreplace")


def write_terminated(text: str) -> bytes:
    """Text with a NUL at its end: some ROMs read on past the option without it (netboot.xyz issue 1198)."""
    return text.encode("ascii", "replace") + b"\0"


def read_address(value: bytes) -> IPv4Address | None:
    """An IPv4 address, or None if this is none: a wrong length in one option does not spoil the packet."""
    return IPv4Address(value) if len(value) == 4 else None


def write_addresses(addresses: Iterable[IPv4Address]) -> bytes:
    return b"".join(address.packed for address in addresses)


def read_u16_list(value: bytes) -> tuple[int, ...]:
    """16-bit numbers, most significant byte first; a lone last byte is dropped."""
    return tuple(int.from_bytes(value[i : i + 2], "big") for i in range(0, len(value) - 1, 2))


def write_u32(number: int) -> bytes:
    return number.to_bytes(4, "big")
