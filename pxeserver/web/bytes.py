"""Sends kernels, initrds and images, zero-copy from file to socket; slow machines cost nothing."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from itertools import cycle
from typing import BinaryIO

import h11

from pxeserver.inventory.images import Asset
from pxeserver.logs import log_decision
from pxeserver.web.admission import Admission
from pxeserver.web.ranges import FileReply, TextReply, answer

MAX_HEADER_BYTES = 16 * 1024
IDLE_TIMEOUT_S = 60.0  # firmware opens a connection for each file; nothing legitimate is silent for so long
# A machine switched off in the middle of a download answers no more: its connection ends after this time.
DEAD_PEER_TIMEOUT_MS = 120_000
# With one for each processor, a thread that waits for the disk leaves its processor idle.
THREADS = 2 * (os.cpu_count() or 1)
_NO_DESCRIPTOR = frozenset((errno.EMFILE, errno.ENFILE))
READ_BYTES = 4096  # headers are a few hundred bytes; and the limit above is only as exact as this

_log = logging.getLogger("pxeserver.bytes")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file, or `count` bytes of it, has gone out to a machine. `ends_file`: its last byte among them."""

    client: str
    asset: Asset
    count: int
    duration_ms: int
    ends_file: bool


OnSent = Callable[[Sent], Awaitable[None]]


class BytesServer:
    """Accepts connections and deals them out to threads: the kernel does the sending, and does it for as many at once
    as there are threads. The event loop that answers DHCP has no part in it."""

    def __init__(
        self, find: Callable[[str], Asset | None], on_sent: OnSent, *, downloads_at_once: int
    ) -> None:
        """`find` and `on_sent` are called in those threads."""
        self._services = _Services(find, on_sent, Admission(downloads_at_once))
        self._listener: socket.socket | None = None
        self._workers: tuple[_Worker, ...] = ()

    async def start(self, address: str, port: int) -> None:
        listener = socket.create_server((address, port), backlog=512)
        listener.setblocking(False)
        self._listener = listener
        self._workers = tuple(_Worker(self._services) for _ in range(THREADS))
        turns = cycle(self._workers)
        asyncio.get_running_loop().add_reader(listener, lambda: _accept(listener, turns))

    async def finish(self) -> None:
        """Take no more requests; returns when the files under way have been sent."""
        self._close_listener()
        await asyncio.gather(*(asyncio.to_thread(worker.finish) for worker in self._workers))

    async def stop(self) -> None:
        self._close_listener()
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in self._workers))

    def _close_listener(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None


def _accept(listener: socket.socket, turns: Iterator[_Worker]) -> None:
    try:
        connection, _ = listener.accept()
    except OSError as problem:  # the client has gone again, or no descriptor is left: it waits in the backlog
        if problem.errno in _NO_DESCRIPTOR:
            log_decision(_log, "cannot accept a connection", level=logging.ERROR, reason=problem)
        return
    connection.setblocking(False)
    next(turns).take(connection)


@dataclass(frozen=True, slots=True)
class _Services:
    find: Callable[[str], Asset | None]
    on_sent: OnSent
    admission: Admission


class _Worker:
    """An event loop in a thread, and the connections it serves."""

    def __init__(self, services: _Services) -> None:
        self._services = services
        self._loop = asyncio.new_event_loop()
        self._connections: dict[asyncio.Task[None], _Connection | None] = {}
        self._is_finishing = False
        self._thread = threading.Thread(target=self._loop.run_forever, name="bytes", daemon=True)
        self._thread.start()

    def take(self, connection: socket.socket) -> None:
        self._loop.call_soon_threadsafe(self._begin, connection)

    def finish(self) -> None:
        """Returns when the requests under way are answered."""
        asyncio.run_coroutine_threadsafe(self._finish_connections(), self._loop).result()

    def stop(self) -> None:
        """Ends what still runs; returns when all is closed."""
        asyncio.run_coroutine_threadsafe(self._end_connections(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _begin(self, connection: socket.socket) -> None:
        task = self._loop.create_task(self._serve(connection))
        self._connections[task] = None
        task.add_done_callback(self._connections.pop)

    async def _finish_connections(self) -> None:
        self._is_finishing = True
        for task, connection in self._connections.items():
            if connection is None or not connection.is_busy:
                task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _end_connections(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_TIMEOUT_MS)
        reader, writer = await asyncio.open_connection(sock=connection)
        served = _Connection(reader, writer, self._services)
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = served
        try:
            await served.serve(lambda: self._is_finishing)
        except (ConnectionError, TimeoutError) as problem:
            log_decision(_log, "connection ended", address=_client(writer), reason=problem or "idle")
        finally:
            writer.close()


class _Connection:
    """One client's requests, one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        services: _Services,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._services = services
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._client = _client(writer)
        self.is_busy = False  # with a request, from its last byte to the last of its answer

    async def serve(self, is_last: Callable[[], bool]) -> None:
        """One request after the other, until `is_last` says that one was the last."""
        try:
            while await self._serve_one() and not is_last():
                self.is_busy = False
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as problem:
            await self._refuse_malformed(problem)

    async def _serve_one(self) -> bool:
        """Answers one request; False when the connection has had its last one."""
        request = await self._next_event()
        if not isinstance(request, h11.Request):
            return False
        method, target = request.method.decode(), request.target.decode("latin-1")
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        if not isinstance(await self._next_event(), h11.EndOfMessage):
            await self._send_text(
                method, TextReply(413, "a request has no body here", (("Connection", "close"),))
            )
            return False
        self.is_busy = True
        reply = answer(method, target, headers, self._services.find)
        if isinstance(reply, FileReply) and reply.has_body:
            with self._services.admission.download(headers.get("user-agent", "")) as refusal:
                await self._send(method, target, refusal or reply)
        else:
            await self._send(method, target, reply)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _next_event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                self._http.receive_data(await self._reader.read(READ_BYTES))

    async def _send(self, method: str, target: str, reply: FileReply | TextReply) -> None:
        if isinstance(reply, FileReply):
            await self._send_file(reply, target)
            return
        await self._send_text(method, reply)
        log_decision(_log, f"{method} {target}", address=self._client, status=reply.status, reason=reply.text)

    async def _send_file(self, reply: FileReply, target: str) -> None:
        try:
            file = reply.asset.path.open("rb")
        except OSError as problem:
            await self._send_broken(reply.asset, problem.strerror or str(problem))
            return
        with file:
            if os.fstat(file.fileno()).st_size != reply.asset.bytes:
                await self._send_broken(reply.asset, "its size is not that of the manifest")
                return
            await self._send_open_file(reply, file, target)

    async def _send_open_file(self, reply: FileReply, file: BinaryIO, target: str) -> None:
        started = time.monotonic()
        self._write(_head(reply.status, reply.headers))
        if reply.has_body:
            await self._send_body(file, reply)
        self._write(h11.EndOfMessage())
        await self._writer.drain()
        duration_ms = round((time.monotonic() - started) * 1000)
        log_decision(
            _log,
            f"sent {target}",
            address=self._client,
            bytes=reply.count if reply.has_body else 0,
            duration_ms=duration_ms,
        )
        if reply.has_body:
            await self._services.on_sent(
                Sent(self._client, reply.asset, reply.count, duration_ms, reply.ends_file)
            )

    async def _send_body(self, file: BinaryIO, reply: FileReply) -> None:
        # h11 keeps count of the body by the length of what it is given, without looking at the bytes.
        self._http.send_with_data_passthrough(h11.Data(data=_Counted(reply.count)))  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        try:
            sent = await loop.sendfile(self._writer.transport, file, reply.offset, reply.count)
        except (
            RuntimeError
        ) as problem:  # asyncio's word for a connection that was closed before the first byte
            raise ConnectionError(str(problem)) from problem
        if sent != reply.count:
            raise ConnectionError(f"{reply.asset.path} became shorter while it was sent")

    async def _send_broken(self, asset: Asset, reason: str) -> None:
        log_decision(_log, f"cannot send {asset.path}", level=logging.ERROR, reason=reason)
        await self._send_text("GET", TextReply(503, f"{asset.name}: {reason}", (("Retry-After", "10"),)))

    async def _send_text(self, method: str, reply: TextReply) -> None:
        body = f"{reply.text}\n".encode() if reply.text else b""
        headers = [("Content-Length", str(len(body))), ("Content-Type", "text/plain"), *reply.headers]
        if reply.status == 304:
            headers = list(reply.headers)  # it has no body, and the length would be that of the file
        self._write(_head(reply.status, headers))
        if body and method != "HEAD":
            self._write(h11.Data(data=body))
        self._write(h11.EndOfMessage())
        await self._writer.drain()

    async def _refuse_malformed(self, problem: h11.RemoteProtocolError) -> None:
        log_decision(_log, "refused malformed request", address=self._client, reason=problem)
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            text = TextReply(problem.error_status_hint, str(problem), (("Connection", "close"),))
            await self._send_text("GET", text)

    def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)


def _head(status: int, headers: Iterable[tuple[str, str]]) -> h11.Response:
    # RFC 9110 section 6.6.1: a server with a clock sends the date. The phrase is for firmware that insists on one.
    dated = [*headers, ("Date", formatdate(usegmt=True))]
    return h11.Response(status_code=status, headers=dated, reason=HTTPStatus(status).phrase)


class _Counted:
    """Stands for a number of bytes that the operating system sends by itself."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count


def _client(writer: asyncio.StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return str(peer[0]) if peer else "unknown"
