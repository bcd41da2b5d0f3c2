"""A DHCP packet: bytes to value and back (RFC 2131 sec. 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from pxeserver.dhcp.options import END, MessageType, Option, read_options, write_options
from pxeserver.wire import WireError

BOOTREQUEST = 1
BOOTREPLY = 2
BROADCAST_FLAG = 0x8000
UNSPECIFIED = IPv4Address(0)

HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
MAGIC_COOKIE = b"\x63\x82\x53\x63"
OPTIONS_OFFSET = HEADER.size + len(MAGIC_COOKIE)
# The size of a BOOTP packet (RFC 951): some relays and switches drop shorter ones.
MIN_PACKET_BYTES = 300
# What every client takes, as an IP packet (RFC 2131 sec. 2), and what IP and UDP headers use of it.
MIN_MAX_MESSAGE_BYTES = 576
IP_UDP_HEADER_BYTES = 28
MESSAGE_TYPES = frozenset(MessageType)
# Bits of option 52: the field is not text but holds more options. In the order RFC 3396 sec. 5 joins them.
OVERLOADED_FILE = 1
OVERLOADED_SNAME = 2


@dataclass(frozen=True)
class Packet:
    """One DHCP message. Every value was checked for shape when the packet was parsed."""

    op: int
    xid: int
    chaddr: bytes
    """The hardware address, `hlen` bytes of it."""
    options: Mapping[int, bytes]
    """Joined values by number, without pad, end and overload. Always holds a known message type."""
    htype: int = 1
    hops: int = 0
    secs: int = 0
    flags: int = 0
    ciaddr: IPv4Address = UNSPECIFIED
    yiaddr: IPv4Address = UNSPECIFIED
    siaddr: IPv4Address = UNSPECIFIED
    giaddr: IPv4Address = UNSPECIFIED
    chaddr_padding: bytes = b""
    """What follows the address in its 16-byte field, without trailing zeros: sent back as it came."""
    sname: bytes = b""
    """Up to the first NUL; empty when the field held options."""
    file: bytes = b""
    """Up to the first NUL; empty when the field held options."""

    @property
    def message_type(self) -> MessageType:
        return MessageType(self.options[Option.MESSAGE_TYPE][0])

    @property
    def mac(self) -> str:
        """The hardware address in lower case with colons."""
        return self.chaddr.hex(":")

    @property
    def is_relayed(self) -> bool:
        return self.giaddr != UNSPECIFIED


def parse(data: bytes) -> Packet:
    """The packet these bytes are; anything else raises `WireError`."""
    if len(data) < OPTIONS_OFFSET:
        raise WireError(f"packet of {len(data)} bytes: a DHCP packet has at least {OPTIONS_OFFSET}")
    if data[HEADER.size : OPTIONS_OFFSET] != MAGIC_COOKIE:
        raise WireError(f"magic cookie is {data[HEADER.size : OPTIONS_OFFSET].hex()}, not 63825363")
    op, htype, hlen, hops, xid, secs, flags, *rest = HEADER.unpack_from(data)
    ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file = rest
    if op not in (BOOTREQUEST, BOOTREPLY):
        raise WireError(f"op is {op}, neither a request (1) nor a reply (2)")
    if hlen > len(chaddr):
        raise WireError(f"hlen is {hlen}, the hardware address field has 16 bytes")
    options, overload = _read_all_options(data[OPTIONS_OFFSET:], file, sname)
    _check_message_type(options)
    return Packet(
        op=op,
        xid=xid,
        chaddr=chaddr[:hlen],
        options=options,
        htype=htype,
        hops=hops,
        secs=secs,
        flags=flags,
        ciaddr=IPv4Address(ciaddr),
        yiaddr=IPv4Address(yiaddr),
        siaddr=IPv4Address(siaddr),
        giaddr=IPv4Address(giaddr),
        chaddr_padding=chaddr[hlen:].rstrip(b"\0"),
        sname=b"" if overload & OVERLOADED_SNAME else sname.partition(b"\0")[0],
        file=b"" if overload & OVERLOADED_FILE else file.partition(b"\0")[0],
    )


def _read_all_options(area: bytes, file: bytes, sname: bytes) -> tuple[dict[int, bytes], int]:
    options = read_options(area)
    overload_value = options.pop(Option.OVERLOAD, b"\0")
    if len(overload_value) != 1 or overload_value[0] > OVERLOADED_FILE | OVERLOADED_SNAME:
        raise WireError(f"option 52 (overload) is {overload_value.hex()!r}, not 1, 2 or 3")
    overload = overload_value[0]
    for bit, field in ((OVERLOADED_FILE, file), (OVERLOADED_SNAME, sname)):
        if overload & bit:
            for number, value in read_options(field).items():
                options[number] = options.get(number, b"") + value
    # A second overload option inside the fields has no meaning (RFC 2131 sec. 4.1).
    options.pop(Option.OVERLOAD, None)
    return options, overload


def _check_message_type(options: Mapping[int, bytes]) -> None:
    value = options.get(Option.MESSAGE_TYPE)
    if value is None:
        raise WireError("option 53 (message type) is missing: BOOTP, not DHCP")
    if len(value) != 1 or value[0] not in MESSAGE_TYPES:
        raise WireError(f"option 53 (message type) is {value.hex()!r}, not 1 to 8")


def encode(packet: Packet) -> bytes:
    """The packet's bytes, at least 300 of them; the relay's option 82 comes last (RFC 3046 sec. 2.1)."""
    chaddr = packet.chaddr + packet.chaddr_padding
    for name, value, size in (
        ("chaddr", chaddr, 16),
        ("sname", packet.sname, 64),
        ("file", packet.file, 128),
    ):
        if len(value) > size:
            raise WireError(f"{name} of {len(value)} bytes: there is room for {size}")
    header = HEADER.pack(
        packet.op,
        packet.htype,
        len(packet.chaddr),
        packet.hops,
        packet.xid,
        packet.secs,
        packet.flags,
        packet.ciaddr.packed,
        packet.yiaddr.packed,
        packet.siaddr.packed,
        packet.giaddr.packed,
        chaddr,
        packet.sname,
        packet.file,
    )
    options = write_options(dict(sorted(packet.options.items(), key=_option_order)))
    return (header + MAGIC_COOKIE + options + bytes((END,))).ljust(MIN_PACKET_BYTES, b"\0")


def _option_order(item: tuple[int, bytes]) -> tuple[bool, bool]:
    return item[0] == Option.RELAY_AGENT, item[0] != Option.MESSAGE_TYPE


def max_reply_bytes(request: Packet) -> int:
    """The longest DHCP packet this client takes, without IP and UDP headers."""
    announced = int.from_bytes(request.options.get(Option.MAX_MESSAGE_SIZE, b""), "big")
    return max(announced, MIN_MAX_MESSAGE_BYTES) - IP_UDP_HEADER_BYTES


def fit(packet: Packet, dispensable: Iterable[Option], limit_bytes: int) -> Packet:
    """The packet, without the first few dispensable options where it would be longer than the limit."""
    for option in dispensable:
        if len(encode(packet)) <= limit_bytes:
            return packet
        kept = {number: value for number, value in packet.options.items() if number != option}
        packet = replace(packet, options=kept)
    return packet
