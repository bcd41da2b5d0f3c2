"""Fetching from real HTTP servers on loopback that behave, and that do not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from provision.errors import SourceError
from provision.fetch.http import fetch

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server that answers every GET as it is told; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Tests read results, not logs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def get(url: str, *, deadline_s: float = 5.0, size_limit_bytes: int = 1_000_000) -> bytes:
    return fetch(url, deadline_s=deadline_s, size_limit_bytes=size_limit_bytes)


def test_the_body_of_a_file_is_fetched() -> None:
    with serving(lambda handler: reply(handler, 200, b"content")) as url:
        assert get(f"{url}/file") == b"content"


def test_path_query_and_headers_reach_the_server() -> None:
    def echo(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, f"{handler.path} {handler.headers['Authorization']}".encode())

    with serving(echo) as url:
        body = fetch(
            f"{url}/config/a?b=c#d",
            deadline_s=5,
            size_limit_bytes=100,
            headers={"Authorization": "Bearer token"},
        )

    assert body == b"/config/a?b=c Bearer token"


def test_a_server_error_is_tried_again_until_it_is_gone() -> None:
    statuses = iter([503, 500, 200])

    with serving(lambda handler: reply(handler, next(statuses), b"at last")) as url:
        assert get(url) == b"at last"


def test_a_server_that_starts_late_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    answered = []

    def late() -> None:
        time.sleep(0.3)
        with socket.create_server(("127.0.0.1", port)) as listening:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")
        answered.append(True)

    server = threading.Thread(target=late)
    server.start()
    try:
        assert get(f"http://127.0.0.1:{port}/") == b"up"
    finally:
        server.join()


def test_not_found_is_final_and_says_where() -> None:
    asked = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        reply(handler, 404)

    with serving(answer) as url, pytest.raises(SourceError) as caught:
        get(f"{url}/tool")

    assert asked == ["/tool"]
    assert str(caught.value) == (
        f"cannot fetch {url}/tool: the server answers 404 Not Found "
        "(check the URL: the server has nothing there)"
    )


def test_nobody_listening_is_an_error_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    with pytest.raises(SourceError, match=r"within 0\.5 s: .*Connection refused"):
        get(f"http://127.0.0.1:{port}/", deadline_s=0.5)


def test_a_server_that_never_answers_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(SourceError, match=r"cannot fetch .* within 0\.5 s"):
            get(f"http://127.0.0.1:{port}/", deadline_s=0.5)


def test_a_server_that_sends_a_byte_now_and_then_is_left_at_the_deadline() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(600):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:  # the client left, as it should
            return

    with serving(drip) as url:
        begun = time.monotonic()
        with pytest.raises(SourceError, match="cannot fetch"):
            get(url, deadline_s=0.5)
        assert time.monotonic() - begun < 15, "the whole body would have taken half a minute"


def test_a_body_cut_short_is_fetched_again() -> None:
    promised = iter([10, 4])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(next(promised)))
        handler.end_headers()
        handler.wfile.write(b"four")

    with serving(answer) as url:
        assert get(url) == b"four"


def test_a_body_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    with (
        serving(lambda handler: reply(handler, 200, b"x" * 11)) as url,
        pytest.raises(SourceError, match="is larger than 10 bytes"),
    ):
        get(url, size_limit_bytes=10)


def test_a_body_without_a_length_is_refused_once_it_is_too_large() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * 200_000)

    with serving(answer) as url, pytest.raises(SourceError, match="is larger than 100000 bytes"):
        get(url, size_limit_bytes=100_000)


def test_a_body_of_exactly_the_limit_is_fetched() -> None:
    with serving(lambda handler: reply(handler, 200, b"x" * 10)) as url:
        assert get(url, size_limit_bytes=10) == b"x" * 10


def test_a_redirect_on_the_same_host_is_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/old":
            reply(handler, 302, Location="/new")
        else:
            reply(handler, 200, handler.path.encode())

    with serving(answer) as url:
        assert get(f"{url}/old") == b"/new"


def test_a_redirect_to_another_host_is_refused() -> None:
    elsewhere = "http://192.0.2.1/file"
    with (
        serving(lambda handler: reply(handler, 302, Location=elsewhere)) as url,
        pytest.raises(SourceError, match=r"redirects to another host: http://192\.0\.2\.1/file"),
    ):
        get(url)


def test_redirects_in_a_circle_end() -> None:
    with (
        serving(lambda handler: reply(handler, 302, Location="/again")) as url,
        pytest.raises(SourceError, match="redirects more than 5 times"),
    ):
        get(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://server/file",
        "file:///etc/passwd",
        "http:///nothing",
        "http://server:port/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nHost: x",
        "http://[::1/",
        "text",
    ],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="not an http or https URL"):
        get(url)
