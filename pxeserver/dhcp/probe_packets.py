"""Questions that only the user of an address answers: ARP on our own link (RFC 5227), ICMP echo beyond it."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

ETHERTYPE_ARP = 0x0806
ETHERNET = struct.Struct("!6s6sH")
ARP = struct.Struct("!HHBBH6s4s6s4s")
ARP_REQUEST = 1
BROADCAST = b"\xff" * 6

ECHO = struct.Struct("!BBHHH")
ECHO_REQUEST = 8
ECHO_REPLY = 0
MIN_IP_HEADER_BYTES = 20


def arp_probe(own_hardware_address: bytes, address: IPv4Address) -> bytes:
    """An Ethernet frame that asks who has the address, without naming one of ours: no cache learns from it."""
    ethernet = ETHERNET.pack(BROADCAST, own_hardware_address, ETHERTYPE_ARP)
    return ethernet + ARP.pack(
        *(1, 0x0800, 6, 4, ARP_REQUEST), own_hardware_address, bytes(4), bytes(6), address.packed
    )


def arp_user(frame: bytes) -> IPv4Address | None:
    """The address that a frame's sender uses: of an answer, or of a machine that probes for it itself."""
    if len(frame) < ETHERNET.size + ARP.size:
        return None
    _, _, ethertype = ETHERNET.unpack_from(frame)
    _, protocol, _, length, _, _, sender, _, target = ARP.unpack_from(frame, ETHERNET.size)
    if ethertype != ETHERTYPE_ARP or protocol != 0x0800 or length != 4:
        return None
    # RFC 5227 sec. 2.1.1: another's probe for the same address is a conflict, too.
    return IPv4Address(sender if sender != bytes(4) else target)


def echo_request(identifier: int) -> bytes:
    """An ICMP echo request without data (RFC 792)."""
    checksum = _checksum(ECHO.pack(ECHO_REQUEST, 0, 0, identifier, 0))
    return ECHO.pack(ECHO_REQUEST, 0, checksum, identifier, 0)


def is_echo_reply(packet: bytes, identifier: int) -> bool:
    """Whether an IP packet, as a raw socket gives it, answers our request."""
    if not packet:
        return False
    start = (packet[0] & 0x0F) * 4
    if start < MIN_IP_HEADER_BYTES or len(packet) < start + ECHO.size:
        return False
    kind, _, _, answered, _ = ECHO.unpack_from(packet, start)
    return bool(kind == ECHO_REPLY and answered == identifier)


def _checksum(data: bytes) -> int:
    """The ones' complement of the ones' complement sum of 16-bit words (RFC 1071)."""
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
