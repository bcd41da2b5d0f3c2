"""One transfer's socket and timer, around the state machine that says what to send."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from pxeserver.tftp.files import Source
from pxeserver.tftp.negotiate import Terms
from pxeserver.tftp.packet import (
    Ack,
    Data,
    Error,
    ErrorCode,
    OptionAck,
    ReadRequest,
    TftpPacket,
    encode,
    parse,
)
from pxeserver.tftp.transfer import (
    BLOCK_NUMBERS,
    Phase,
    Step,
    Transfer,
    acknowledge,
    ask_again,
    begin,
    time_out,
)
from pxeserver.wire import Endpoint, WireError

RECEIVE_BYTES = 2048  # a client sends ACK and ERROR only
MAX_PACKETS_PER_TURN = 16


class Outcome(StrEnum):
    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    """All sent, but the last acknowledgement did not come: success with many clients."""
    ABORTED = "aborted"
    """The client sent an error. UEFI firmware does so on purpose, to learn a file's size."""
    LOST = "lost"
    """The client fell silent, or started anew."""
    REFUSED = "refused"
    """No such file, or a request this server does not serve."""
    FAILED = "failed"
    """The file could not be read to its end."""


OUTCOMES = {Phase.DONE: Outcome.DONE, Phase.LOST: Outcome.LOST, Phase.UNCONFIRMED: Outcome.UNCONFIRMED}


@dataclass(frozen=True)
class TransferResult:
    """How one request ended."""

    client: Endpoint
    file: str
    """As the client wrote it."""
    acknowledged_bytes: int
    duration_s: float
    outcome: Outcome
    detail: str = ""
    """For people: what the client or the system said."""


@dataclass(frozen=True)
class OpenedFile:
    """What is sent, and how."""

    request: ReadRequest
    source: Source
    terms: Terms


class Session:
    """Sends one file to one client, then calls `on_end` once."""

    def __init__(
        self,
        own: socket.socket,
        client: Endpoint,
        opened: OpenedFile,
        on_end: Callable[[TransferResult], None],
    ) -> None:
        """Takes over the socket and the opened file."""
        self._socket = own
        self._client = client
        self._request = opened.request
        self._terms = opened.terms
        self._source = opened.source
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._started_s = self._loop.time()
        self._transfer: Transfer = begin(opened.terms).transfer
        self._timer: asyncio.TimerHandle | None = None
        self._deadline_s = 0.0

    def run(self) -> None:
        """Send the first block and go on with the loop's events."""
        self._loop.add_reader(self._socket, self._receive)
        self._arm_timer()
        self._send_blocks(begin(self._terms).send)

    def repeat(self, request: ReadRequest) -> bool:
        """Answer a request that came again. False if it is another one, or the transfer is past its start."""
        if request != self._request or self._transfer.acked > 0:
            return False
        self._take(ask_again(self._transfer))
        return True

    def supersede(self) -> None:
        """End because the client asked for something else from the same port."""
        is_all_sent = self._transfer.sent == self._terms.last_block
        outcome = Outcome.UNCONFIRMED if is_all_sent else Outcome.LOST
        self._finish(outcome, "the client started another transfer")

    def close(self) -> None:
        """Stop without a result."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._source.close()

    def _receive(self) -> None:
        for _ in range(MAX_PACKETS_PER_TURN):
            if self._socket.fileno() < 0:  # closed by the packet before
                return
            try:
                data, (host, port) = self._socket.recvfrom(RECEIVE_BYTES)
            except BlockingIOError:  # all read
                return
            self._handle(data, Endpoint(IPv4Address(host), port))

    def _handle(self, data: bytes, sender: Endpoint) -> None:
        if sender != self._client:
            # To the stranger only; the transfer goes on (RFC 1350 sec. 4).
            send(self._socket, encode(Error(ErrorCode.UNKNOWN_TID, "unknown transfer ID")), sender)
            return
        try:
            packet = parse(data)
        except WireError:  # noise on the port is no reason to end a transfer; the timer mends what was lost
            return
        match packet:
            case Ack(block):
                self._take(acknowledge(self._transfer, block))
            case Error(code, message):
                self._finish(Outcome.ABORTED, f"client sent error {code}: {message}")

    def _take(self, step: Step) -> None:
        if step.transfer is not self._transfer:
            self._transfer = step.transfer
            self._arm_timer()
        if self._transfer.phase in OUTCOMES:
            self._finish(OUTCOMES[self._transfer.phase])
            return
        self._send_blocks(step.send)

    def _arm_timer(self) -> None:
        """One timer that is moved on when it fires early: cancelling one for each packet is what costs."""
        self._deadline_s = self._loop.time() + self._transfer.timer_s
        if self._timer is not None and self._timer.when() > self._deadline_s:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline_s:
            self._timer = self._loop.call_at(self._deadline_s, self._on_timer)
            return
        self._take(time_out(self._transfer))

    def _send_blocks(self, blocks: range) -> None:
        for block in blocks:
            try:
                packet = self._packet(block)
            except OSError as error:
                send(self._socket, encode(Error(ErrorCode.UNDEFINED, "file cannot be read")), self._client)
                self._finish(Outcome.FAILED, str(error))
                return
            send(self._socket, encode(packet), self._client)

    def _packet(self, block: int) -> TftpPacket:
        if block == 0:
            return OptionAck(self._terms.granted)
        blksize_bytes = self._terms.blksize_bytes
        offset = (block - 1) * blksize_bytes
        payload = self._source.read(offset, blksize_bytes)
        if len(payload) != min(blksize_bytes, self._terms.size_bytes - offset):
            # A short block means the end of the file to the client, which would take the half for the whole.
            raise OSError(f"{self._request.file!r} became shorter while it was sent")
        return Data(block % BLOCK_NUMBERS, payload)

    def _finish(self, outcome: Outcome, detail: str = "") -> None:
        acknowledged = max(self._transfer.acked, 0) * self._terms.blksize_bytes
        self.close()
        self._on_end(
            TransferResult(
                client=self._client,
                file=self._request.file,
                acknowledged_bytes=min(acknowledged, self._terms.size_bytes),
                duration_s=self._loop.time() - self._started_s,
                outcome=outcome,
                detail=detail,
            )
        )


def send(own: socket.socket, datagram: bytes, client: Endpoint) -> None:
    """Send, or lose the packet as the network might: the timer of either side mends it."""
    try:
        own.sendto(datagram, (str(client.address), client.port))
    except OSError:  # full buffer, no route: as good as lost on the way
        return
