"""Asks on the network whether an address is in use before it is offered."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network

from pxeserver.dhcp.probe_packets import ETHERTYPE_ARP, arp_probe, arp_user, echo_request, is_echo_reply

# Two probes fit into the second in which firmware must have its answer. Hosts answer ARP in milliseconds.
PROBE_S = 0.4
RECEIVE_BYTES = 2048


class Prober:
    """Sockets for ARP on one interface, and for ICMP through it. They need CAP_NET_RAW."""

    def __init__(self, interface: str, link: IPv4Network) -> None:
        """`link` is the interface's own network: its addresses are asked for by ARP, which no firewall drops."""
        self._interface = interface
        self._link = link
        self._identifier = os.getpid() & 0xFFFF
        self._waiting: dict[IPv4Address, asyncio.Future[None]] = {}
        self._sockets: list[socket.socket] = []

    def start(self) -> None:
        """`OSError` when privileges are missing."""
        try:
            self._arp = self._open(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP), self._receive_arp
            )
            self._arp.bind((self._interface, ETHERTYPE_ARP))
            self._icmp = self._open(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP, self._receive_icmp)
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        while self._sockets:
            opened = self._sockets.pop()
            asyncio.get_running_loop().remove_reader(opened)
            opened.close()

    async def is_used(self, address: IPv4Address) -> bool:
        """Whether somebody answers for the address, after at most `PROBE_S`."""
        answered = self._waiting.setdefault(address, asyncio.get_running_loop().create_future())
        try:
            self._ask(address)
            await asyncio.wait_for(answered, PROBE_S)
        except TimeoutError:
            return False
        except OSError:  # the interface is down, no route: then nobody can be asked, and nobody is there
            return False
        finally:
            self._waiting.pop(address, None)
        return True

    def _ask(self, address: IPv4Address) -> None:
        if address in self._link:
            hardware_address = self._arp.getsockname()[4]
            self._arp.send(arp_probe(hardware_address, address))
        else:
            self._icmp.sendto(echo_request(self._identifier), (str(address), 0))

    def _open(self, family: int, kind: int, protocol: int, receive: Callable[[], None]) -> socket.socket:
        opened = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
        self._sockets.append(opened)
        asyncio.get_running_loop().add_reader(opened, receive)
        return opened

    def _receive_arp(self) -> None:
        with suppress(OSError):  # all read, or the interface is down
            while True:
                frame, source = self._arp.recvfrom(RECEIVE_BYTES)
                user = arp_user(frame)
                if user is not None and source[2] != socket.PACKET_OUTGOING:
                    self._hear(user)

    def _receive_icmp(self) -> None:
        with suppress(OSError):
            while True:
                packet, (host, _) = self._icmp.recvfrom(RECEIVE_BYTES)
                if is_echo_reply(packet, self._identifier):
                    self._hear(IPv4Address(host))

    def _hear(self, address: IPv4Address) -> None:
        answered = self._waiting.get(address)
        if answered is not None and not answered.done():
            answered.set_result(None)
