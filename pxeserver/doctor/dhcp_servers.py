"""Who else answers DHCP on the network: a real DISCOVER, and everybody's offers."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from pxeserver.boot.architectures import ARCHITECTURES
from pxeserver.boot.decide import DHCP_PORT, DhcpMode
from pxeserver.dhcp.destination import CLIENT_PORT
from pxeserver.dhcp.options import MessageType, Option, read_address, read_text
from pxeserver.dhcp.packet import BROADCAST_FLAG, UNSPECIFIED, Packet, encode, parse
from pxeserver.doctor.diagnosis import Diagnosis, failed, ok, warning
from pxeserver.explain.requests import Asker, firmware_packet
from pxeserver.network import interface_mac
from pxeserver.wire import WireError

# Servers that try an offered address with a ping first take up to a second, dnsmasq up to three.
PROBE_S = 4.0
REPEAT_S = 1.5
_UEFI_X64 = next(architecture for architecture in ARCHITECTURES if architecture.code == 7)


@dataclass(frozen=True, slots=True)
class OtherServer:
    """A server that made an offer to firmware. `address` is the one offered, `file` what to boot."""

    server: IPv4Address
    address: IPv4Address | None
    file: str

    def __str__(self) -> str:
        gives = [f"address {self.address}"] if self.address else []
        gives += [f"boot file {self.file}"] if self.file else []
        return f"{self.server} ({' and '.join(gives) or 'nothing to boot'})"


def probe(interface: str, own: IPv4Address, probe_s: float = PROBE_S) -> tuple[OtherServer, ...]:
    """Asks as UEFI firmware with the interface's own MAC address; an offer nobody takes up is free again soon."""
    packet = replace(
        firmware_packet(Asker(interface_mac(interface), _UEFI_X64), MessageType.DISCOVER),
        flags=BROADCAST_FLAG,
        xid=secrets.randbits(32),
    )
    found: dict[IPv4Address, OtherServer] = {}
    with _open(interface) as client:
        end_s, next_s = time.monotonic() + probe_s, 0.0
        while (now_s := time.monotonic()) < end_s:
            if now_s >= next_s:
                client.sendto(encode(packet), ("255.255.255.255", DHCP_PORT))
                next_s = now_s + REPEAT_S
            client.settimeout(max(0.01, min(end_s, next_s) - now_s))
            try:
                data, (host, _) = client.recvfrom(4096)
            except TimeoutError:
                continue
            offer = _offer(data, packet.xid, IPv4Address(host))
            if offer is not None and offer.server != own:
                found[offer.server] = offer
    return tuple(sorted(found.values(), key=lambda other: other.server))


def _open(interface: str) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # A DHCP client of this machine may have the port as well; both get what is broadcast.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    try:
        client.bind(("", CLIENT_PORT))
    except OSError:
        client.close()
        raise
    return client


def _offer(data: bytes, xid: int, source: IPv4Address) -> OtherServer | None:
    try:
        packet = parse(data)
    except WireError:  # noise
        return None
    if packet.xid != xid or packet.message_type is not MessageType.OFFER:
        return None
    server = read_address(packet.options.get(Option.SERVER_ID, b"")) or source
    address = packet.yiaddr if packet.yiaddr != UNSPECIFIED else None
    return OtherServer(server, address, _file(packet))


def _file(packet: Packet) -> str:
    return read_text(packet.options.get(Option.BOOT_FILE, packet.file))


def check_dhcp_servers(mode: DhcpMode, others: Iterable[OtherServer]) -> tuple[Diagnosis, ...]:
    """What the others' offers mean for a server in this mode."""
    servers = tuple(others)
    found = [_other(mode, other) for other in servers]
    if mode is DhcpMode.FULL and not servers:
        found.append(ok("dhcp", "no other DHCP server answered"))
    if mode is not DhcpMode.FULL and not any(other.address for other in servers):
        todo = "start the network's DHCP server, or set dhcp.mode: full if this is to be the only one"
        found.append(failed("dhcp", "no DHCP server offered an address: machines would get none", todo))
    return tuple(found)


def _other(mode: DhcpMode, other: OtherServer) -> Diagnosis:
    if mode is DhcpMode.FULL:
        todo = "stop it, or set dhcp.mode: proxy; two DHCP servers give machines addresses at random"
        return failed("dhcp", f"another DHCP server: {other}", todo)
    if mode is DhcpMode.PROXY and other.file:
        todo = "take the boot file out of its settings: firmware takes whichever answer it likes"
        return warning("dhcp", f"another server says what to boot: {other}", todo)
    if mode is DhcpMode.OFF and not other.file:
        todo = "give it this server as boot server, or set dhcp.mode: proxy"
        return warning("dhcp", f"the network's DHCP server says nothing to boot: {other}", todo)
    return ok("dhcp", f"the network's DHCP server: {other}")
