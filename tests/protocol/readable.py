"""DHCP packets as text that a reviewer can check against a packet dump."""

from __future__ import annotations

from pathlib import Path

from pxeserver.dhcp.options import MessageType, Option, read_options
from pxeserver.dhcp.packet import UNSPECIFIED, Packet

PACKETS = Path(__file__).parent / "packets"
PACKET_NAMES = tuple(sorted(path.stem for path in PACKETS.glob("*.hex")))

ADDRESS_OPTIONS = {
    Option.DNS_SERVERS,
    Option.REQUESTED_ADDRESS,
    Option.ROUTER,
    Option.SERVER_ID,
    Option.SUBNET_MASK,
}
NUMBER_OPTIONS = {Option.LEASE_TIME, Option.MAX_MESSAGE_SIZE, Option.REBINDING_TIME, Option.RENEWAL_TIME}
HEX_OPTIONS = {Option.CLIENT_ARCHITECTURE, Option.CLIENT_INTERFACE, Option.CLIENT_UUID, Option.VENDOR_OPTIONS}
NESTED_OPTIONS = {Option.IPXE, Option.RELAY_AGENT}


def read_packet(name: str) -> bytes:
    """The bytes of a packet in the `packets` folder."""
    return bytes.fromhex((PACKETS / f"{name}.hex").read_text(encoding="ascii"))


def readable(packet: Packet) -> str:
    """One line for each field and option that is set."""
    lines = [
        f"{'request' if packet.op == 1 else 'reply'} {packet.message_type.name}",
        f"xid {packet.xid:08x} secs {packet.secs} flags {packet.flags:04x} hops {packet.hops}",
        f"mac {packet.mac}",
    ]
    for name in ("ciaddr", "yiaddr", "siaddr", "giaddr"):
        if getattr(packet, name) != UNSPECIFIED:
            lines.append(f"{name} {getattr(packet, name)}")
    for name in ("sname", "file"):
        if getattr(packet, name):
            lines.append(f"{name} {getattr(packet, name)!r}")
    lines += [readable_option(number, value) for number, value in packet.options.items()]
    return "\n".join(lines) + "\n"


def readable_option(number: int, value: bytes) -> str:
    name = Option(number).name.lower() if number in set(Option) else "?"
    return f"option {number} {name}: {_readable_value(number, value)}"


def _readable_value(number: int, value: bytes) -> str:
    if number == Option.MESSAGE_TYPE:
        return MessageType(value[0]).name
    if number in ADDRESS_OPTIONS:
        return " ".join(".".join(map(str, value[i : i + 4])) for i in range(0, len(value), 4))
    if number in NUMBER_OPTIONS:
        return str(int.from_bytes(value, "big"))
    if number == Option.PARAMETER_LIST:
        return " ".join(map(str, value))
    if number in NESTED_OPTIONS:
        return " ".join(f"{inner:#04x}={part.hex()}" for inner, part in read_options(value).items())
    if number in HEX_OPTIONS or not value.rstrip(b"\0").isascii():
        return value.hex()
    return repr(value)
