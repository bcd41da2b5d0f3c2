"""Fetching over TFTP from servers on loopback that do as they should, and that do not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from provision.errors import SourceError
from provision.fetch.limits import Limits
from provision.fetch.tftp import fetch, fetch_within

REQUEST = b"\0\1"
# Called with the server's socket, and the address and bytes of the request it got.
Answer = Callable[[socket.socket, tuple[str, int], bytes], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Answers every request as it is told, from whatever socket it likes; gives the URL."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.05)
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                try:
                    request, client = server.recvfrom(1000)
                except TimeoutError:
                    continue
                if request.startswith(REQUEST):
                    answer(server, client, request)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"tftp://127.0.0.1:{server.getsockname()[1]}"
        finally:
            is_over.set()
            thread.join()


@contextmanager
def transfer_socket() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(5)
        yield own


def saying(datagram: bytes) -> Answer:
    def answer(server: socket.socket, client: tuple[str, int], _request: bytes) -> None:
        server.sendto(datagram, client)

    return answer


def get(url: str, *, deadline_s: float = 5.0, size_limit_bytes: int = 100_000) -> bytes:
    return fetch(url, deadline_s=deadline_s, size_limit_bytes=size_limit_bytes)


def test_the_name_is_what_stands_after_the_hosts_slash() -> None:
    asked = []

    def answer(server: socket.socket, client: tuple[str, int], request: bytes) -> None:
        asked.append(request.split(b"\0")[1][1:])
        server.sendto(b"\0\3\0\1x", client)

    with serving(answer) as url:
        for path in ("/a/b", "//a", "/a%20b;mode=octet", "/a?b#c"):
            assert get(url + path) == b"x"

    assert asked == [b"a/b", b"/a", b"a b", b"a?b#c"]


def test_a_packet_from_another_port_is_told_so_and_does_no_harm() -> None:
    told = []

    def answer(_server: socket.socket, client: tuple[str, int], _request: bytes) -> None:
        with transfer_socket() as own, transfer_socket() as stranger:
            own.sendto(b"\0\3\0\1" + b"a" * 512, client)
            own.recvfrom(100)
            stranger.sendto(b"\0\3\0\2forged", client)
            told.append(stranger.recvfrom(100)[0])
            own.sendto(b"\0\3\0\2true", client)
            own.recvfrom(100)

    with serving(answer) as url:
        assert get(f"{url}/file") == b"a" * 512 + b"true"

    assert told == [b"\0\5\0\5unknown transfer ID\0"]


def test_a_packet_from_another_host_is_not_even_answered() -> None:
    def answer(server: socket.socket, client: tuple[str, int], _request: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.sendto(b"\0\3\0\1forged", client)
        server.sendto(b"\0\3\0\1true", client)

    with serving(answer) as url:
        assert get(f"{url}/file") == b"true"


def test_a_request_that_got_lost_is_sent_again() -> None:
    requests: list[bytes] = []

    def answer(server: socket.socket, client: tuple[str, int], request: bytes) -> None:
        requests.append(request)
        if len(requests) == 2:
            server.sendto(b"\0\3\0\1x", client)

    with serving(answer) as url:
        assert get(f"{url}/file") == b"x"

    assert requests[0] == requests[1]


def test_a_server_that_refuses_options_is_asked_without() -> None:
    def answer(server: socket.socket, client: tuple[str, int], request: bytes) -> None:
        is_plain = request == b"\0\1file\0octet\0"
        server.sendto(b"\0\3\0\1x" if is_plain else b"\0\5\0\x08no options\0", client)

    with serving(answer) as url:
        assert get(f"{url}/file") == b"x"


def test_a_file_that_is_not_there_is_final_and_says_where() -> None:
    with (
        serving(saying(b"\0\5\0\1File not found\0")) as url,
        pytest.raises(SourceError) as caught,
    ):
        get(f"{url}/tool")

    assert str(caught.value) == (
        f"cannot fetch {url}/tool: the server answers with error 1: File not found "
        "(check the URL: the server has nothing there)"
    )


def test_a_file_that_is_too_large_is_final() -> None:
    with (
        serving(saying(b"\0\6tsize\x0011\0")) as url,
        pytest.raises(SourceError, match=r"cannot fetch .*: the file is larger than 10 bytes"),
    ):
        get(f"{url}/tool", size_limit_bytes=10)


def test_a_server_that_never_answers_is_left_at_the_deadline() -> None:
    begun = time.monotonic()
    with (
        serving(lambda *_: None) as url,
        pytest.raises(SourceError, match=r"within 0\.5 s: the server does not answer"),
    ):
        get(f"{url}/tool", deadline_s=0.5)

    assert time.monotonic() - begun < 5


def test_a_server_that_falls_silent_is_asked_anew() -> None:
    requests: list[bytes] = []

    def answer(server: socket.socket, client: tuple[str, int], request: bytes) -> None:
        requests.append(request)
        server.sendto(b"\0\3\0\1" + (b"a" * 512 if len(requests) == 1 else b"x"), client)

    with serving(answer) as url:
        assert fetch_within(f"{url}/file", Limits(30, 1000), first_timeout_s=0.02) == b"x"

    assert len(requests) == 2


@pytest.mark.parametrize(
    "url",
    ["http://a/b", "tftp:///b", "tftp://a", "tftp://a/", "tftp://a:x/b", "tftp://[::1/b", "tftp://a/%00"],
)
def test_what_is_no_tftp_url_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="not a tftp URL"):
        get(url)
