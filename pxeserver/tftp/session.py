"""One transfer's socket, around the state machine that says what to send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from pxeserver.tftp.files import Source
from pxeserver.tftp.negotiate import Terms
from pxeserver.tftp.packet import Error, ErrorCode, ReadRequest, ack_block, encode, parse
from pxeserver.tftp.port import Address, TransferPort
from pxeserver.tftp.sender import Sender
from pxeserver.tftp.transfer import SENDING, Phase, Step, Transfer, acknowledge, ask_again, begin, time_out
from pxeserver.wire import Endpoint, WireError


class Outcome(StrEnum):
    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    """All sent, but the last acknowledgement did not come: success with many clients."""
    PROBED = "probed"
    """The client wanted the file's size only: UEFI firmware ends this first transfer with error 8."""
    ABORTED = "aborted"
    """The client sent an error."""
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
    """Sends one file to one client. What it does takes the time as an argument, in seconds of a steady clock."""

    def __init__(self, port: TransferPort, client: Address, opened: OpenedFile, now_s: float) -> None:
        """Takes over the port and the opened file."""
        self._request = opened.request
        self._terms = opened.terms
        self._source = opened.source
        self._sender = Sender(port.client, opened.source, opened.terms)
        self._started_s = now_s
        self._transfer: Transfer = begin(opened.terms).transfer
        self.port = port
        self.client = client
        self.deadline_s = now_s
        """When `time_out` is due."""
        self.result: TransferResult | None = None
        """Once there is one, the session is over and closed."""

    def start(self, now_s: float) -> None:
        """Send the first packet."""
        self.deadline_s = now_s + self._transfer.timer_s
        self._send(begin(self._terms).send, now_s)

    def repeat(self, request: ReadRequest, now_s: float) -> bool:
        """Answer a request that came again. False if it is another one, or the transfer is past its start."""
        if request != self._request or self._transfer.acked > 0:
            return False
        self._take(ask_again(self._transfer), now_s)
        return True

    def supersede(self, now_s: float) -> None:
        """End because the client asked for something else from the same port."""
        is_all_sent = self._transfer.sent == self._terms.last_block
        outcome = Outcome.UNCONFIRMED if is_all_sent else Outcome.LOST
        self._finish(outcome, now_s, "the client started another transfer")

    def close(self) -> None:
        """Stop without a result."""
        self.port.close()
        self._source.close()

    def receive(self, now_s: float) -> bool:
        """Read the packet that has come. True if the session is over."""
        data = self.port.receive()
        block = ack_block(data)
        if block is not None:
            self._take(acknowledge(self._transfer, block), now_s)
        else:
            self._receive_other(data, now_s)
        return self.result is not None

    def _receive_other(self, data: bytes, now_s: float) -> None:
        try:
            packet = parse(data)
        except WireError:  # noise on the port is no reason to end a transfer; the timer mends what was lost
            return
        if isinstance(packet, Error):
            self._abort(packet, now_s)

    def time_out(self, now_s: float) -> None:
        """The client has been silent until the deadline."""
        self._take(time_out(self._transfer), now_s)

    def _abort(self, error: Error, now_s: float) -> None:
        is_probe = error.code == ErrorCode.OPTION_REFUSED and self._transfer.acked < 0 and self._asked_size
        outcome = Outcome.PROBED if is_probe else Outcome.ABORTED
        self._finish(outcome, now_s, f"client sent error {error.code}: {error.message}")

    @property
    def _asked_size(self) -> bool:
        return "tsize" in self._terms.granted

    def _take(self, step: Step, now_s: float) -> None:
        transfer = step.transfer
        if transfer is not self._transfer:
            self._transfer = transfer
            self.deadline_s = now_s + transfer.timer_s
        if transfer.phase is not SENDING:
            self._finish(OUTCOMES[transfer.phase], now_s)
        elif step.send:
            self._send(step.send, now_s)

    def _send(self, blocks: range, now_s: float) -> None:
        try:
            self._sender.send(blocks)
        except OSError as error:
            unreadable = Error(ErrorCode.UNDEFINED, "file cannot be read")
            self._sender.transmit(encode(unreadable))
            self._finish(Outcome.FAILED, now_s, str(error))

    def _finish(self, outcome: Outcome, now_s: float, detail: str = "") -> None:
        acknowledged = max(self._transfer.acked, 0) * self._terms.blksize_bytes
        self.close()
        host, port = self.client
        self.result = TransferResult(
            client=Endpoint(IPv4Address(host), port),
            file=self._request.file,
            acknowledged_bytes=min(acknowledged, self._terms.size_bytes),
            duration_s=now_s - self._started_s,
            outcome=outcome,
            detail=detail,
        )
