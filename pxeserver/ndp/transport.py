"""Answers router solicitations on one interface: there is no router.

Measured: iPXE, which configures IPv6 beside IPv4, waits 16 s for an advertisement that never comes before it goes
on with the address it has; with one it goes on at once.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from contextlib import suppress
from ipaddress import IPv6Address

from pxeserver.ndp.packet import ALL_ROUTERS, NO_ROUTER, ROUTER_SOLICITATION, check_solicitation
from pxeserver.wire import WireError

RECEIVE_BYTES = 2048
HOP_LIMIT = 255  # receivers drop anything else: it came through a router (RFC 4861 sec. 6.1.2)
ICMP6_FILTER = 1  # linux/icmpv6.h; 256 bits, a set one blocks its type

_log = logging.getLogger("pxeserver.ndp")


class NoRouterServer:
    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Machines boot without it as well, only later: what is missing is said and left at that."""
        try:
            self._listener = _open_socket(self._interface)
        except OSError as problem:
            _log.warning("%s: router solicitations are not answered: %s", self._interface, problem.strerror)
            return
        asyncio.get_running_loop().add_reader(self._listener, self._receive, self._listener)

    def stop(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _receive(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError):  # all read
            while True:
                message, (host, *_) = listener.recvfrom(RECEIVE_BYTES)
                self._answer(listener, message, IPv6Address(host.partition("%")[0]))

    def _answer(self, listener: socket.socket, message: bytes, source: IPv6Address) -> None:
        try:
            destination = check_solicitation(message, source)
            listener.sendto(NO_ROUTER, (str(destination), 0, 0, socket.if_nametoindex(self._interface)))
        except (OSError, WireError) as problem:  # the machine asks again, and boots at the latest after 16 s
            _log.info("%s: router solicitation not answered: %s", self._interface, problem)


def _open_socket(interface: str) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    listener = socket.socket(socket.AF_INET6, kind, socket.IPPROTO_ICMPV6)
    try:
        index = socket.if_nametoindex(interface)
        blocked = (1 << 256) - 1 & ~(1 << ROUTER_SOLICITATION)
        listener.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, _words(blocked))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOP_LIMIT)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, HOP_LIMIT)
        membership = ALL_ROUTERS.packed + struct.pack("=I", index)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
    except OSError:
        listener.close()
        raise
    return listener


def _words(bits: int) -> bytes:
    """256 bits as the kernel has them: eight 32-bit words of this machine's byte order, lowest bits first."""
    return struct.pack("=8I", *(bits >> 32 * word & 0xFFFFFFFF for word in range(8)))
