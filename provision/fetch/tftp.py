"""Files from TFTP servers (tftp://HOST/PATH, RFC 3617), within one deadline."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

from provision.errors import SourceError
from provision.fetch.limits import Limits, pauses
from provision.fetch.tftp_download import (
    MAX_NAME_BYTES,
    Download,
    ErrorCode,
    TransferRefused,
    error_packet,
)
from provision.urls import shown_url

PORT = 69
FIRST_TIMEOUT_S = 1.0  # servers answer in milliseconds; doubled with each silence
SILENCES = 4  # 1 + 2 + 4 + 8 seconds without a word: the transfer is dead, a new one may do
RECEIVE_BYTES = 65536

Address = tuple[Any, ...]  # of IPv4 or IPv6: host and port stand first
_Place = tuple[socket.AddressFamily, socket.SocketKind, int, str, Address]  # as getaddrinfo gives it


class _Silence(Exception):
    """Nobody answers, or not any more."""


class _Patience(Struct, frozen=True):
    clock: Callable[[], float]
    ends: float
    first_timeout_s: float

    def is_over(self) -> bool:
        return self.clock() >= self.ends


class _Location(Struct, frozen=True):
    url: str
    host: str
    port: int
    name: bytes


def fetch(url: str, *, deadline_s: float, size_limit_bytes: int) -> bytes:
    """The file's content; SourceError says what is wrong."""
    return fetch_within(url, Limits(deadline_s, size_limit_bytes))


def fetch_within(url: str, limits: Limits, *, first_timeout_s: float = FIRST_TIMEOUT_S) -> bytes:
    location = _located(url)
    patience = _Patience(limits.clock, limits.clock() + limits.deadline_s, first_timeout_s)
    reason = "no attempt was made"
    for attempt, pause_s in enumerate(pauses()):
        if patience.is_over():
            break
        try:
            return _attempt(location, attempt, limits, patience)
        except (OSError, _Silence) as trouble:
            reason = str(trouble) or type(trouble).__name__
        limits.sleep(max(0.0, min(pause_s, patience.ends - limits.clock())))
    raise SourceError(
        f"cannot fetch {shown_url(url)} within {limits.deadline_s:g} s: {reason}",
        hint="check that the machine reaches this address and that the server runs",
    )


def _located(url: str) -> _Location:
    try:
        split = urlsplit(url)
        port = split.port or PORT
    except ValueError:  # a port that is no number, brackets without an address in them
        split, port = urlsplit(""), 0
    # The path begins after the slash; whoever needs one in front writes two. ";mode=octet" says what we do anyway.
    path = url.partition("://")[2].partition("/")[2].removesuffix(";mode=octet")
    name = unquote_to_bytes(path)
    if split.scheme != "tftp" or not split.hostname or not name or b"\0" in name:
        raise SourceError(f"cannot fetch {shown_url(url)}: not a tftp URL", hint="write tftp://HOST/PATH")
    if len(name) > MAX_NAME_BYTES:
        raise SourceError(f"cannot fetch {shown_url(url)}: the path is longer than {MAX_NAME_BYTES} bytes")
    return _Location(url, split.hostname, port, name)


def _attempt(location: _Location, attempt: int, limits: Limits, patience: _Patience) -> bytes:
    found = socket.getaddrinfo(location.host, location.port, type=socket.SOCK_DGRAM)
    place = found[attempt % len(found)]  # each of a host's addresses in turn
    try:
        try:
            return _transfer(location, place, limits, patience, with_options=True)
        except TransferRefused as refusal:
            if refusal.code != ErrorCode.OPTION_REFUSED:
                raise
        return _transfer(location, place, limits, patience, with_options=False)
    except TransferRefused as refusal:
        raise _failure(location, refusal) from refusal


def _transfer(
    location: _Location, place: _Place, limits: Limits, patience: _Patience, *, with_options: bool
) -> bytes:
    family, kind, protocol, _, server = place
    download = Download(location.name, size_limit_bytes=limits.size_limit_bytes, with_options=with_options)
    with socket.socket(family, kind, protocol) as connection:
        return _Exchange(connection, server, patience).download(download)


def _failure(location: _Location, refusal: TransferRefused) -> SourceError:
    shown = shown_url(location.url)
    if refusal.code is None:
        return SourceError(f"cannot fetch {shown}: {refusal}", hint="check the URL")
    # A server may repeat the name it was asked for, and with it what is not to be shown.
    said = f": {refusal}" if str(refusal) and shown == location.url else ""
    return SourceError(
        f"cannot fetch {shown}: the server answers with error {refusal.code}{said}",
        hint=_CODE_HINTS.get(refusal.code, "see the server's log"),
    )


_CODE_HINTS: dict[int, str] = {
    ErrorCode.NOT_FOUND: "check the URL: the server has nothing there",
    ErrorCode.ACCESS_VIOLATION: "check the URL, and that the server may give the file to everybody",
}


class _Exchange:
    """A socket of our own, whose port is our end of the transfer (RFC 1350 section 4)."""

    def __init__(self, connection: socket.socket, server: Address, patience: _Patience) -> None:
        self._connection = connection
        self._server = server
        self._patience = patience

    def download(self, download: Download) -> bytes:
        peer: Address | None = None
        sent, silences = download.request(), 0
        self._send(sent, self._server)
        while not download.is_done:
            received = self._receive(silences, peer)
            if received is None:
                silences += 1
                self._send(sent, peer or self._server)
                continue
            datagram, peer = received
            answer = self._answer(download, datagram, peer)
            if answer is not None:
                sent, silences = answer, 0
                self._send(sent, peer)
        return download.content

    def _answer(self, download: Download, datagram: bytes, peer: Address) -> bytes | None:
        try:
            return download.receive(datagram)
        except TransferRefused as refusal:
            if refusal.reply is not None:
                self._send(refusal.reply, peer)
            raise

    def _receive(self, silences: int, peer: Address | None) -> tuple[bytes, Address] | None:
        """From the server, and once it has chosen a port, from that port alone. None: time to send again."""
        waits_until = self._patience.clock() + self._patience.first_timeout_s * 2**silences
        while (left_s := min(waits_until, self._patience.ends) - self._patience.clock()) > 0:
            self._connection.settimeout(left_s)
            try:
                datagram, sender = self._connection.recvfrom(RECEIVE_BYTES)
            except TimeoutError:
                break
            if sender[0] != self._server[0]:
                continue
            if peer is None or sender == peer:
                return datagram, sender
            # A second transfer, which our repeated request began: its server is told to give up.
            self._send(error_packet(ErrorCode.UNKNOWN_TID, "unknown transfer ID"), sender)
        if self._patience.is_over() or silences + 1 >= SILENCES:
            raise _Silence("the server does not answer" if peer is None else "the server fell silent")
        return None

    def _send(self, datagram: bytes, address: Address) -> None:
        self._connection.sendto(datagram, address)
