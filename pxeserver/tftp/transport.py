"""The TFTP server's sockets: port 69 of one address, and one port per transfer."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from ipaddress import IPv4Address

from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.negotiate import negotiate
from pxeserver.tftp.packet import Error, ErrorCode, ReadRequest, WriteRequest, encode, parse
from pxeserver.tftp.session import OpenedFile, Outcome, Session, TransferResult, send
from pxeserver.wire import Endpoint, WireError

TFTP_PORT = 69
# The longest request of a real client is well below 512 bytes, the limit of RFC 2347.
RECEIVE_BYTES = 2048
MAX_REQUESTS_PER_TURN = 64
# Each needs a socket and mostly a file. Beyond, requests are dropped: an ERROR would end what clients repeat.
MAX_SESSIONS = 1000

log = logging.getLogger(__name__)


def _log_drop(reason: str) -> None:
    log.info("tftp packet dropped: %s", reason)


class TftpServer:
    """Serves files on one address until it is stopped."""

    def __init__(
        self,
        address: IPv4Address,
        files: TftpFiles,
        on_transfer: Callable[[TransferResult], None],
        *,
        on_drop: Callable[[str], None] = _log_drop,
        mtu_bytes: int = 1500,
        refusal: Callable[[IPv4Address], str | None] = lambda _address: None,
    ) -> None:
        """`address` is one of ours, not 0.0.0.0: firmware drops replies from any other than it wrote to.

        `on_transfer` hears of every request once it is served, refused or given up; `on_drop` of packets that
        are not understood. Both are called in the event loop and must not block. `mtu_bytes` is the
        interface's, and limits the block size. `refusal` says why a client is sent nothing.
        """
        self._address = address
        self._files = files
        self._on_transfer = on_transfer
        self._on_drop = on_drop
        self._mtu_bytes = mtu_bytes
        self._refusal = refusal
        self._listener: socket.socket | None = None
        self._sessions: dict[Endpoint, Session] = {}

    async def start(self) -> None:
        """Open port 69; `OSError` if it is taken or privileges are missing."""
        self._listener = _open_socket(self._address, TFTP_PORT)
        asyncio.get_running_loop().add_reader(self._listener, self._receive, self._listener)

    async def stop(self) -> None:
        """Close everything; transfers under way end without a result."""
        for session in list(self._sessions.values()):
            session.close()
        self._sessions.clear()
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _receive(self, listener: socket.socket) -> None:
        for _ in range(MAX_REQUESTS_PER_TURN):
            try:
                data, (host, port) = listener.recvfrom(RECEIVE_BYTES)
            except BlockingIOError:  # all read
                return
            self._handle(listener, data, Endpoint(IPv4Address(host), port))

    def _handle(self, listener: socket.socket, data: bytes, client: Endpoint) -> None:
        try:
            packet = parse(data)
        except WireError as error:
            self._on_drop(f"from {client}: {error}")
            return
        match packet:
            case ReadRequest():
                self._read_request(listener, packet, client)
            case WriteRequest():
                message = "this server is read-only"
                self._refuse(listener, client, packet.file, Error(ErrorCode.ACCESS_VIOLATION, message))
            case _:
                self._on_drop(f"from {client}: {type(packet).__name__} on port {TFTP_PORT}")

    def _read_request(self, listener: socket.socket, request: ReadRequest, client: Endpoint) -> None:
        running = self._sessions.get(client)
        if running is not None:
            if running.repeat(request):
                return
            # A client that reuses its port has given up the earlier transfer: some ROMs have just one port.
            running.supersede()
        if request.mode != "octet":
            message = f"mode {request.mode!r} is not served: use octet (binary)"
            self._refuse(listener, client, request.file, Error(ErrorCode.ILLEGAL_OPERATION, message))
            return
        if (reason := self._refusal(client.address)) is not None:
            self._refuse(listener, client, request.file, Error(ErrorCode.ACCESS_VIOLATION, reason))
            return
        if len(self._sessions) >= MAX_SESSIONS:
            self._on_drop(f"from {client}: {MAX_SESSIONS} transfers are running already")
            return
        try:
            self._begin(request, client)
        except (FileNotFoundError, WireError) as error:
            log.debug("%s: %s", request.file, error)
            self._refuse(listener, client, request.file, Error(ErrorCode.NOT_FOUND, "file not found"))
        except PermissionError as error:
            self._refuse(listener, client, request.file, Error(ErrorCode.ACCESS_VIOLATION, str(error)))
        except OSError as error:  # no descriptor left: the client asks again
            self._on_drop(f"from {client}: {request.file!r} cannot be opened now: {error}")

    def _begin(self, request: ReadRequest, client: Endpoint) -> None:
        source = self._files.open(request.file)
        try:
            own = _open_socket(self._address, 0)
        except OSError:
            source.close()
            raise
        terms = negotiate(request.options, size_bytes=source.size_bytes, mtu_bytes=self._mtu_bytes)
        session = Session(own, client, OpenedFile(request, source, terms), self._end)
        self._sessions[client] = session
        session.run()

    def _end(self, result: TransferResult) -> None:
        del self._sessions[result.client]
        self._on_transfer(result)

    def _refuse(self, listener: socket.socket, client: Endpoint, file: str, error: Error) -> None:
        send(listener, encode(error), client)
        self._on_transfer(TransferResult(client, file, 0, 0.0, Outcome.REFUSED, error.message))


def _open_socket(address: IPv4Address, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.bind((str(address), port))
    except OSError as error:
        opened.close()
        raise OSError(error.errno, f"udp port {port} of {address}: {error.strerror}") from error
    return opened
