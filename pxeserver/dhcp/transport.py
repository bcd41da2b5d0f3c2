"""The DHCP server's sockets: one interface, ports 67 and (proxy mode) 4011."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from pxeserver.boot.decide import BOOT_SERVER_PORT, DHCP_PORT, DhcpMode, Ignore
from pxeserver.dhcp.lease_book import LeaseBook
from pxeserver.dhcp.options import MessageType
from pxeserver.dhcp.packet import Packet, parse
from pxeserver.dhcp.probe import PROBE_S, Prober
from pxeserver.dhcp.responder import Decision, DhcpSettings, EveryMachine, Machines, Responder
from pxeserver.network import interface_mac
from pxeserver.wire import Endpoint, WireError

# More than any interface's MTU that PXE firmware meets: no packet is ever cut.
RECEIVE_BYTES = 4096
# Packets handled before other work of the event loop gets its turn.
MAX_PACKETS_PER_TURN = 64
# Firmware collects offers for some seconds, and takes the first good one; a late one is none (PXE-E53).
ANSWER_WITHIN_S = 0.9
# struct in_pktinfo: interface index, address to send from, destination of a received packet (ip(7)).
PKTINFO = struct.Struct("=I4s4s")
IP_PKTINFO = 8  # linux/in.h; Python's socket module has no name for it before 3.14

log = logging.getLogger(__name__)


def _log_drop(reason: str) -> None:
    log.info("dhcp packet dropped: %s", reason)


class DhcpServer:
    """Answers DHCP on one interface until it is stopped."""

    def __init__(
        self,
        settings: DhcpSettings,
        book: LeaseBook,
        on_decision: Callable[[Decision], None],
        *,
        machines: Machines | None = None,
        on_drop: Callable[[str], None] = _log_drop,
    ) -> None:
        """`on_decision` hears of every packet understood, after its reply was sent; `on_drop` of all others.

        Both are called in the event loop and must not block.
        """
        self._settings = settings
        self._responder = Responder(settings, book, machines or EveryMachine(), time.time)
        self._on_decision = on_decision
        self._on_drop = on_drop
        self._sockets: list[socket.socket] = []
        self._own_mac = interface_mac(settings.interface)
        self._prober: Prober | None = None
        self._probing: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Open the sockets; `OSError` if a port is taken or privileges are missing. In mode off: nothing."""
        ports = {
            DhcpMode.FULL: (DHCP_PORT,),
            DhcpMode.OFF: (),
            DhcpMode.PROXY: (DHCP_PORT, BOOT_SERVER_PORT),
        }[self._settings.mode]
        loop = asyncio.get_running_loop()
        try:
            for port in ports:
                listener = _open_socket(self._settings.interface, port)
                self._sockets.append(listener)
                loop.add_reader(listener, self._receive, listener, port)
        except OSError:
            await self.stop()
            raise
        self._start_prober()

    def _start_prober(self) -> None:
        """Without the privilege the server does its work all the same: the probe is a second line of defence."""
        own = [subnet for subnet in self._settings.subnets if self._settings.server in subnet.network]
        if self._settings.mode is not DhcpMode.FULL or not any(s.pool for s in self._settings.subnets):
            return
        interface = self._settings.interface
        prober = Prober(interface, own[0].network if own else IPv4Network(self._settings.server))
        try:
            prober.start()
        except OSError as error:
            log.warning(
                "%s: addresses are offered without asking who uses them: %s", interface, error.strerror
            )
            return
        self._prober = prober

    async def stop(self) -> None:
        """Close the sockets. A stopped server can be started again."""
        loop = asyncio.get_running_loop()
        for task in tuple(self._probing.values()):
            task.cancel()
        if self._prober is not None:
            self._prober.stop()
            self._prober = None
        while self._sockets:
            listener = self._sockets.pop()
            loop.remove_reader(listener)
            listener.close()

    def _receive(self, listener: socket.socket, port: int) -> None:
        for _ in range(MAX_PACKETS_PER_TURN):
            try:
                data, (host, source_port) = listener.recvfrom(RECEIVE_BYTES)
            except BlockingIOError:  # all read
                return
            except OSError as error:  # an ICMP error to an earlier reply; the next read is a new packet
                self._on_drop(f"port {port}: {error}")
                continue
            self._answer(listener, port, data, Endpoint(IPv4Address(host), source_port))

    def _answer(self, listener: socket.socket, port: int, data: bytes, source: Endpoint) -> None:
        try:
            packet = parse(data)
        except WireError as error:
            self._on_drop(f"from {source} to port {port}: {error}")
            return
        if packet.mac == self._own_mac:
            # Broadcasts of this machine come back to it: `pxeserver doctor` asks who else answers.
            self._on_drop(f"{packet.message_type.name} of this machine itself")
            return
        if packet.mac in self._probing and packet.message_type is MessageType.DISCOVER:
            self._on_drop(f"DISCOVER of {packet.mac} again: the address it will be offered is being probed")
            return
        decision = self._responder.respond(packet, port=port, source=source)
        prober = self._prober
        if decision.probe is None or prober is None:
            self._send(listener, decision)
            return

        async def answer() -> None:
            try:
                self._send(listener, await self._probed(packet, decision, source, prober))
            finally:
                del self._probing[packet.mac]

        self._probing[packet.mac] = asyncio.get_running_loop().create_task(answer())

    async def _probed(self, packet: Packet, decision: Decision, source: Endpoint, prober: Prober) -> Decision:
        """The decision with an address that nobody uses; silence when none is found in time."""
        last_start_s = time.monotonic() + ANSWER_WITHIN_S - PROBE_S
        while (address := decision.probe) is not None:
            if time.monotonic() > last_start_s:
                self._responder.take_back(address, packet.mac)
                return replace(
                    decision,
                    outcome=Ignore("no unused address found in time: the client asks again"),
                    destination=None,
                )
            if not await prober.is_used(address):
                return decision
            log.warning("%s is in use by a machine that has no lease: not offered to %s", address, packet.mac)
            self._responder.withdraw(address)
            decision = self._responder.respond(packet, port=DHCP_PORT, source=source)
        return decision

    def _send(self, listener: socket.socket, decision: Decision) -> None:
        if decision.destination is not None:
            try:
                _send(listener, decision.datagram, decision.destination, self._settings)
            except OSError as error:  # no route to a relay, full buffer: the client asks again
                self._on_drop(f"reply to {decision.mac} at {decision.destination} not sent: {error}")
                return
        self._on_decision(decision)


def _open_socket(interface: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        listener.bind(("", port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"udp port {port} on {interface}: {error.strerror}") from error
    return listener


def _send(listener: socket.socket, datagram: bytes, destination: Endpoint, settings: DhcpSettings) -> None:
    # The source must be the address we name in siaddr and option 54, or firmware drops the packet; the kernel
    # would pick another on an interface with several addresses. The socket is bound to its interface already.
    source = PKTINFO.pack(0, settings.server.packed, bytes(4))
    target = (str(destination.address), destination.port)
    listener.sendmsg([datagram], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, target)
