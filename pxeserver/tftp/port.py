"""The port of one transfer: what its client sends there, and what strangers do."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address

from pxeserver.tftp.packet import Error, ErrorCode, encode

RECEIVE_BYTES = 600  # clients send ACK and ERROR only
UNKNOWN_TID = encode(Error(ErrorCode.UNKNOWN_TID, "unknown transfer ID"))

Address = tuple[str, int]


class TransferPort:
    """Two sockets on one port. That of the client is connected: no address is looked up, compared or written out for
    each packet, which is a third of what a packet costs. The kernel gives the other what comes from elsewhere."""

    def __init__(self, client: socket.socket, strangers: socket.socket) -> None:
        """Takes over both."""
        self.client = client
        self._strangers = strangers
        self.descriptors = (client.fileno(), strangers.fileno())

    @classmethod
    def open(cls, address: IPv4Address, client: Address) -> TransferPort:
        """A free port of our address; `OSError` if there is none, or no descriptor."""
        own = open_socket(address, 0)
        try:
            # Only now: with it from the start, the kernel might choose a port that another transfer has.
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            strangers = open_socket(address, own.getsockname()[1], is_shared=True)
        except OSError:
            own.close()
            raise
        port = cls(own, strangers)
        try:
            own.connect(client)
        except OSError:
            port.close()
            raise
        return port

    def receive(self) -> bytes:
        """The packet that the client sent; empty if there is none after all."""
        try:
            return self.client.recv(RECEIVE_BYTES)
        except OSError:  # a wrong checksum, or word that the client has closed its port: the timer finds out
            return b""

    def refuse_stranger(self) -> None:
        """To the stranger only; the transfer goes on (RFC 1350 sec. 4)."""
        try:
            _, stranger = self._strangers.recvfrom(RECEIVE_BYTES)
        except OSError:  # a packet whose checksum was wrong is gone when it is read
            return
        transmit(self._strangers, UNKNOWN_TID, stranger)

    def close(self) -> None:
        self.client.close()
        self._strangers.close()


def open_socket(address: IPv4Address, port: int, *, is_shared: bool = False) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if is_shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((str(address), port))
    except OSError as error:
        opened.close()
        raise OSError(error.errno, f"udp port {port} of {address}: {error.strerror}") from error
    return opened


def transmit(own: socket.socket, datagram: bytes, client: Address) -> None:
    """Send, or lose the packet as the network might: the timer of either side mends it."""
    try:
        own.sendto(datagram, client)
    except OSError:  # full buffer, no route: as good as lost on the way
        return
