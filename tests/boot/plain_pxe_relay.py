"""A DHCP relay that takes away what tells iPXE from other PXE firmware, until the client has been given a loader.

QEMU has no network card whose ROM is anything else than iPXE; with this, one behaves towards the server as they do.
"""

from __future__ import annotations

import select
import socket
import sys
from dataclasses import replace
from ipaddress import IPv4Address

from pxeserver.dhcp.options import MessageType, Option
from pxeserver.dhcp.packet import BOOTREQUEST, Packet, encode, parse

IPXE_ONLY = (Option.USER_CLASS, Option.IPXE)


def main(interface: str, own: str, server: str) -> None:
    clients = _socket("", interface)
    servers = _socket(own, None)
    is_plain = True
    while True:
        for ready in select.select([clients, servers], [], [])[0]:
            packet = parse(ready.recv(4096))
            if packet.op == BOOTREQUEST and ready is clients:
                relayed = replace(packet, giaddr=IPv4Address(own), hops=packet.hops + 1)
                servers.sendto(encode(_plain(relayed) if is_plain else relayed), (server, 67))
            elif packet.op != BOOTREQUEST:
                clients.sendto(encode(packet), ("255.255.255.255", 68))
                is_plain = is_plain and not (packet.message_type is MessageType.ACK and packet.file)


def _plain(packet: Packet) -> Packet:
    kept = {number: value for number, value in packet.options.items() if number not in IPXE_ONLY}
    return replace(packet, options=kept)


def _socket(address: str, interface: str | None) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if interface is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    opened.bind((address, 67))
    return opened


if __name__ == "__main__":
    main(*sys.argv[1:])
