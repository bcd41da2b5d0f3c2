"""What firmware sends while it boots, as the packets that the server would receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from uuid import UUID

from pxeserver.boot.architectures import ARCHITECTURES, Architecture, Firmware
from pxeserver.dhcp.options import IpxeFeature, MessageType, Option, write_options
from pxeserver.dhcp.packet import BOOTREQUEST, Packet, encode, parse


@dataclass(frozen=True, slots=True)
class Asker:
    """The machine whose boot is rehearsed. Empty: it says nothing about that."""

    mac: str
    architecture: Architecture
    uuid: str = ""
    serial: str = ""

    @property
    def build_architecture(self) -> str:
        """What the first script says of the processor; one behind a BIOS is taken for one of 64 bits."""
        return self.architecture.build or "x86_64"


def named_architecture(text: str) -> Architecture:
    """The architecture of a code of option 93, or of a name such as x86-64-uefi; ValueError names them all."""
    for architecture in ARCHITECTURES:
        if text in (str(architecture.code), architecture_name(architecture)):
            return architecture
    known = ", ".join(f"{a.code} ({architecture_name(a)})" for a in ARCHITECTURES)
    raise ValueError(f"{text!r} is none of: {known}")


def architecture_name(architecture: Architecture) -> str:
    """The name as one word."""
    return architecture.name.lower().replace(" ", "-").replace("(", "").replace(")", "")


def firmware_packet(
    asker: Asker, message_type: MessageType, *, requested: IPv4Address | None = None
) -> Packet:
    """A packet of the machine's own network boot firmware (RFC 4578, UEFI 2.10 sec. 24.3 and 24.7)."""
    client = "HTTPClient" if asker.architecture.boots_over_http else "PXEClient"
    interface = b"\x01\x03\x10" if asker.architecture.firmware is Firmware.UEFI else b"\x01\x02\x01"
    options = {
        Option.VENDOR_CLASS: f"{client}:Arch:{asker.architecture.code:05}:UNDI:003016".encode(),
        Option.CLIENT_INTERFACE: interface,
    }
    return _packet(asker, message_type, options, requested)


def ipxe_packet(asker: Asker, message_type: MessageType) -> Packet:
    """A packet of the iPXE that this server hands out."""
    image = IpxeFeature.BZIMAGE if asker.architecture.firmware is Firmware.BIOS else IpxeFeature.EFI
    options = {
        Option.VENDOR_CLASS: f"PXEClient:Arch:{asker.architecture.code:05}:UNDI:003010".encode(),
        Option.USER_CLASS: b"iPXE",
        Option.IPXE: write_options({IpxeFeature.HTTP: b"\x01", image: b"\x01"}),
    }
    return _packet(asker, message_type, options, None)


def _packet(
    asker: Asker, message_type: MessageType, own: Mapping[Option, bytes], requested: IPv4Address | None
) -> Packet:
    options: dict[int, bytes] = {
        Option.MESSAGE_TYPE: bytes((message_type,)),
        Option.MAX_MESSAGE_SIZE: (1472).to_bytes(2, "big"),
        Option.CLIENT_ARCHITECTURE: asker.architecture.code.to_bytes(2, "big"),
        **{int(option): value for option, value in own.items()},
    }
    uuid = _uuid(asker.uuid)
    if uuid is not None:
        options[Option.CLIENT_UUID] = b"\0" + uuid.bytes_le
    if requested is not None:
        options[Option.REQUESTED_ADDRESS] = requested.packed
    chaddr = bytes.fromhex(asker.mac.replace(":", ""))
    # Through bytes and back, as every packet of the wire comes.
    return parse(encode(Packet(op=BOOTREQUEST, xid=1, chaddr=chaddr, options=options)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:  # DHCP has no room for other texts; the script request carries them
        return None
