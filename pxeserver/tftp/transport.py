"""The TFTP server's sockets: port 69 of one address, and one port per transfer, in a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import IPv4Address

from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.negotiate import negotiate
from pxeserver.tftp.packet import Error, ErrorCode, ReadRequest, WriteRequest, encode, parse
from pxeserver.tftp.port import Address, TransferPort, open_socket, transmit
from pxeserver.tftp.session import OpenedFile, Outcome, Session, TransferResult
from pxeserver.wire import Endpoint, WireError

TFTP_PORT = 69
# The longest request of a real client is well below 512 bytes, the limit of RFC 2347.
RECEIVE_BYTES = 2048
# Each needs two sockets and mostly a file. Beyond, requests are dropped: an ERROR would end what clients repeat.
MAX_SESSIONS = 2000
EVENTS_PER_TURN = 64
TIMER_RESOLUTION_S = 0.1  # timers are whole seconds; looking at all of a thousand takes 0.1 ms
FINISH_POLL_S = 0.1

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
        self._transfers: _Transfers | None = None

    async def start(self) -> None:
        """Open port 69; `OSError` if it is taken or privileges are missing."""
        loop = asyncio.get_running_loop()
        self._transfers = _Transfers(
            open_socket(self._address, TFTP_PORT),
            self._begin,
            lambda result: loop.call_soon_threadsafe(self._on_transfer, result),
            lambda reason: loop.call_soon_threadsafe(self._on_drop, reason),
        )
        self._transfers.start()

    async def finish(self) -> None:
        """Take no more requests; returns when the transfers under way have ended."""
        if self._transfers is not None:
            self._transfers.finish()
            while self._transfers.is_running:
                await asyncio.sleep(FINISH_POLL_S)

    async def stop(self) -> None:
        """Close everything; transfers under way end without a result."""
        if self._transfers is not None:
            self._transfers.stop()
            self._transfers = None

    def _begin(self, request: ReadRequest, client: Address, now_s: float) -> Session:
        if (reason := self._refusal(IPv4Address(client[0]))) is not None:
            raise PermissionError(reason)
        source = self._files.open(request.file)
        try:
            port = TransferPort.open(self._address, client)
        except OSError:
            source.close()
            raise
        terms = negotiate(request.options, size_bytes=source.size_bytes, mtu_bytes=self._mtu_bytes)
        return Session(port, client, OpenedFile(request, source, terms), now_s)


class _Transfers:
    """All transfers of one listener. One thread that waits for many sockets at once and does nothing else: in
    lock-step, what passes between an acknowledgement and the next block is the whole speed of a transfer, and an
    event loop with other work in it takes several times as long."""

    def __init__(
        self,
        listener: socket.socket,
        begin: Callable[[ReadRequest, Address, float], Session],
        on_transfer: Callable[[TransferResult], object],
        on_drop: Callable[[str], object],
    ) -> None:
        """Takes over the listener. The callables are called in the thread."""
        self._listener = listener
        self._begin = begin
        self._on_transfer = on_transfer
        self._on_drop = on_drop
        self._sessions: dict[Address, Session] = {}
        self._by_descriptor: dict[int, Session] = {}
        self._by_strangers: dict[int, Session] = {}
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._poll.register(self._wake, select.EPOLLIN)
        self._is_finishing = False
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="tftp", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """From now on only for those who are being served, and until the last of them is."""
        self._is_finishing = True
        os.eventfd_write(self._wake, 1)

    def stop(self) -> None:
        self._is_stopping = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        for session in self._sessions.values():
            session.close()
        self._poll.close()
        os.close(self._wake)
        self._listener.close()

    def _run(self) -> None:
        next_check_s = 0.0
        sessions = self._by_descriptor
        while not self._is_stopping and (self._sessions or not self._is_finishing):
            ready = self._poll.poll(TIMER_RESOLUTION_S if self._sessions else None, EVENTS_PER_TURN)
            now_s = time.monotonic()
            try:
                for descriptor, _ in ready:
                    session = sessions.get(descriptor)
                    if session is None:
                        self._receive_other(descriptor, now_s)
                    elif session.receive(now_s):
                        self._end(session)
                if now_s >= next_check_s:
                    next_check_s = now_s + TIMER_RESOLUTION_S
                    self._check_timers(now_s)
            except Exception:  # a fault that one packet lays bare must not end the transfers of all others
                log.exception("fault in the TFTP server")

    def _receive_other(self, descriptor: int, now_s: float) -> None:
        if descriptor == self._listener.fileno():
            self._receive_request(now_s)
        elif descriptor in self._by_strangers:
            self._by_strangers[descriptor].port.refuse_stranger()
        elif descriptor == self._wake and self._is_finishing and self._listener.fileno() >= 0:
            os.eventfd_read(self._wake)
            self._poll.unregister(self._listener)
            self._listener.close()  # clients ask elsewhere, or again, sooner than after a silence

    def _check_timers(self, now_s: float) -> None:
        for session in [one for one in self._sessions.values() if one.deadline_s <= now_s]:
            session.time_out(now_s)
            if session.result is not None:
                self._end(session)

    def _receive_request(self, now_s: float) -> None:
        try:
            data, client = self._listener.recvfrom(RECEIVE_BYTES)
        except OSError:  # a packet whose checksum was wrong is gone when it is read
            return
        try:
            packet = parse(data)
        except WireError as error:
            self._on_drop(f"from {_endpoint(client)}: {error}")
            return
        match packet:
            case ReadRequest():
                self._read_request(packet, client, now_s)
            case WriteRequest():
                message = "this server is read-only"
                self._refuse(client, packet.file, Error(ErrorCode.ACCESS_VIOLATION, message))
            case _:
                self._on_drop(f"from {_endpoint(client)}: {type(packet).__name__} on port {TFTP_PORT}")

    def _read_request(self, request: ReadRequest, client: Address, now_s: float) -> None:
        running = self._sessions.get(client)
        if running is not None:
            is_repeated = running.repeat(request, now_s)
            if not is_repeated:
                # A client that reuses its port has given up the earlier transfer: some ROMs have just one port.
                running.supersede(now_s)
            if running.result is not None:
                self._end(running)
            if is_repeated:
                return
        if request.mode != "octet":
            message = f"mode {request.mode!r} is not served: use octet (binary)"
            self._refuse(client, request.file, Error(ErrorCode.ILLEGAL_OPERATION, message))
            return
        if len(self._sessions) >= MAX_SESSIONS:
            self._on_drop(f"from {_endpoint(client)}: {MAX_SESSIONS} transfers are running already")
            return
        self._open(request, client, now_s)

    def _open(self, request: ReadRequest, client: Address, now_s: float) -> None:
        try:
            session = self._begin(request, client, now_s)
        except (FileNotFoundError, WireError) as error:
            log.debug("%s: %s", request.file, error)
            self._refuse(client, request.file, Error(ErrorCode.NOT_FOUND, "file not found"))
            return
        except PermissionError as error:
            self._refuse(client, request.file, Error(ErrorCode.ACCESS_VIOLATION, str(error)))
            return
        except OSError as error:  # no descriptor left: the client asks again
            self._on_drop(f"from {_endpoint(client)}: {request.file!r} cannot be opened now: {error}")
            return
        self._sessions[client] = session
        of_client, of_strangers = session.port.descriptors
        self._by_descriptor[of_client] = self._by_strangers[of_strangers] = session
        self._poll.register(of_client, select.EPOLLIN)
        self._poll.register(of_strangers, select.EPOLLIN)
        session.start(now_s)
        if session.result is not None:
            self._end(session)

    def _end(self, session: Session) -> None:
        """Closed sockets have left the poll by themselves."""
        of_client, of_strangers = session.port.descriptors
        del self._sessions[session.client], self._by_descriptor[of_client], self._by_strangers[of_strangers]
        if session.result is not None:
            self._on_transfer(session.result)

    def _refuse(self, client: Address, file: str, error: Error) -> None:
        transmit(self._listener, encode(error), client)
        self._on_transfer(TransferResult(_endpoint(client), file, 0, 0.0, Outcome.REFUSED, error.message))


def _endpoint(address: Address) -> Endpoint:
    host, port = address
    return Endpoint(IPv4Address(host), port)
