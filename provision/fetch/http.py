"""Requests over HTTP and HTTPS, with one deadline for everything and no way to another host."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

from provision.errors import AnswerError, SourceError
from provision.fetch.limits import Limits, pauses
from provision.urls import shown_url

CHUNK_BYTES = 64 * 1024
MAX_REDIRECTS = 5
USER_AGENT = "provision"
DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset(
    {408, 429}
)  # RFC 9110 15.5.9 and RFC 6585 section 4: ask again later; so does all from 500 on


class _TryAgain(Exception):
    """This attempt failed in a way that may pass: connection trouble or a 5xx answer."""


def fetch(
    url: str,
    *,
    deadline_s: float,
    size_limit_bytes: int,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The body of a 200 answer; SourceError says what is wrong with everything else."""
    return fetch_within(url, Limits(deadline_s, size_limit_bytes, headers=headers or {}))


def fetch_within(url: str, limits: Limits) -> bytes:
    ends = limits.clock() + limits.deadline_s
    reason = "no attempt was made"
    for pause_s in pauses():
        left_s = ends - limits.clock()
        if left_s <= 0:
            break
        try:
            return _follow(url, limits, ends)
        except _TryAgain as trouble:
            reason = str(trouble)
        left_s = max(0.0, ends - limits.clock())
        if left_s > pause_s:
            limits.say(f"{shown_url(url)}: {reason}; trying again in {pause_s:g} s")
        limits.sleep(min(pause_s, left_s))
    raise SourceError(
        f"cannot fetch {shown_url(url)} within {limits.deadline_s:g} s: {reason}",
        hint="check that the machine reaches this address and that the server runs",
    )


def _follow(url: str, limits: Limits, ends: float) -> bytes:
    origin = _split(url)
    place = url
    for _ in range(MAX_REDIRECTS + 1):
        answer = _get(place, limits, ends)
        if isinstance(answer, bytes):
            return answer
        place = _joined(place, answer.location)
        # A token in the headers, and the operator's trust, are for the host in the config and for no other.
        if _host(_split(place)) != _host(origin):
            message = f"{shown_url(url)} redirects to another host: {shown_url(place)}"
            raise SourceError(message, hint="write that URL instead")
    raise SourceError(
        f"{shown_url(url)} redirects more than {MAX_REDIRECTS} times", hint="check the server's rules"
    )


def _joined(place: str, location: str) -> str:
    try:
        return urljoin(place, location)
    except ValueError as error:
        message = f"{shown_url(place)} redirects to what is no URL"
        raise SourceError(message, hint="check the server's rules") from error


def _split(url: str) -> SplitResult:
    """Only what can go into a request line as it stands: blanks and letters beyond ASCII are to be %-encoded."""
    try:
        split = urlsplit(url)
        is_usable = split.scheme in DEFAULT_PORTS and bool(split.hostname) and split.port != 0
    except ValueError:  # a port that is no number, brackets without an address in them
        is_usable = False
    if not is_usable or not url.isascii() or not url.isprintable() or " " in url:
        raise SourceError(
            f"cannot fetch {shown_url(url)}: not an http or https URL", hint="write http://HOST/PATH"
        )
    return split


def _host(split: SplitResult) -> tuple[str, str, int]:
    host = (split.hostname or "").replace("%25", "%")  # RFC 6874: how the zone of an address stands in a URL
    return split.scheme, host, split.port or DEFAULT_PORTS[split.scheme]


class _Redirect(Struct, frozen=True):
    location: str


def _get(url: str, limits: Limits, ends: float) -> bytes | _Redirect:
    split = _split(url)
    connection = _connection(split, max(0.001, ends - limits.clock()))
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    try:
        connection.connect()
        with _closed_at(connection, ends - limits.clock()):
            connection.request(limits.method, path, headers=_headers(split, limits))
            return _read(url, connection.getresponse(), limits)
    except ssl.SSLCertVerificationError as error:  # stays as it is however often we ask
        raise SourceError(
            f"cannot trust {shown_url(url)}: {error.verify_message}",
            hint="check the certificate and the machine's clock",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgain(_reason(error)) from error
    finally:
        connection.close()


def _reason(error: Exception) -> str:
    """Not in the words of a server, which may repeat what it was sent."""
    if isinstance(error, (http.client.BadStatusLine, http.client.UnknownProtocol)) and not isinstance(
        error, OSError
    ):
        return "the server's answer is not HTTP"
    return str(error) or type(error).__name__


def _headers(split: SplitResult, limits: Limits) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, **limits.headers}
    if (
        "%" in split.netloc
    ):  # RFC 6874 section 4: the zone of a link-local address means nothing to the server
        headers["Host"] = re.sub("%[^]]*", "", split.netloc)
    return headers


def _connection(split: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    scheme, host, port = _host(split)
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


@contextmanager
def _closed_at(connection: http.client.HTTPConnection, left_s: float) -> Iterator[None]:
    """Ends the exchange at the deadline: socket timeouts begin anew with every byte of a slow server."""
    timer = Timer(max(0.0, left_s), _shut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:  # the exchange ended at the same moment
        return


def _read(url: str, response: http.client.HTTPResponse, limits: Limits) -> bytes | _Redirect:
    location = response.getheader("Location")
    if response.status in REDIRECTS and location:
        return _Redirect(location)
    if response.status >= 500 or response.status in PASSING | limits.passing:
        raise _TryAgain(f"the server answers {_status(response)}")
    if response.status != 200:
        raise AnswerError(
            response.status,
            f"cannot fetch {shown_url(url)}: the server answers {_status(response)}",
            hint=_STATUS_HINTS.get(response.status, "check the URL"),
        )
    return _body(url, response, limits.size_limit_bytes)


def _status(response: http.client.HTTPResponse) -> str:
    """In the standard's words: a server may repeat in its own what it was sent, and headers are secret."""
    return f"{response.status} {http.client.responses.get(response.status, '')}".rstrip()


_STATUS_HINTS = {
    401: "the server wants a token or password",
    403: "the server refuses this machine's token",
    404: "check the URL: the server has nothing there",
}


def _body(url: str, response: http.client.HTTPResponse, size_limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    promised_bytes = response.length or 0  # none is said for a chunked body
    read_bytes = 0
    while max(promised_bytes, read_bytes) <= size_limit_bytes:
        chunk = response.read(CHUNK_BYTES)
        if not chunk:
            return _complete(b"".join(chunks), response)
        chunks.append(chunk)
        read_bytes += len(chunk)
    raise SourceError(f"{shown_url(url)} is larger than {size_limit_bytes} bytes", hint="check the URL")


def _complete(body: bytes, response: http.client.HTTPResponse) -> bytes:
    # read(n) returns what came before the connection broke, without a word
    if response.length:
        raise _TryAgain(f"the connection ended {response.length} bytes early")
    return body
