"""No error of a fetch shows the user, password or query of its URL, whatever the server does."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from provision.actions import RemoteContent
from provision.errors import SourceError
from provision.fetch import http, tftp
from provision.fetch.gather import fetch_all
from tests.contract import test_fetch_tftp
from tests.contract.test_fetch import Answer, reply, serving

SECRET = "hunter2"


def secret_url(url: str, path: str = "/a") -> str:
    """The same place, with a secret wherever a URL can have one."""
    scheme, _, host = url.partition("://")
    return f"{scheme}://me:{SECRET}@{host}{path}?token={SECRET}#{SECRET}"


def raw(answer: bytes) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer.replace(b"PATH", handler.path.encode()))
        handler.close_connection = True

    return send


def redirecting(location: str) -> Answer:
    return lambda handler: reply(handler, 302, Location=location)


def repeating(status: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status, f"no {handler.path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(repeating(404), "cannot fetch {}/a?******: the server answers 404", id="not found"),
        pytest.param(repeating(503), "within 0.5 s: the server answers 503", id="out of order"),
        pytest.param(raw(b"no PATH\r\n\r\n"), "the server's answer is not HTTP", id="no HTTP"),
        pytest.param(raw(b"HTTP/9PATH 200 OK\r\n\r\n"), "the server's answer is not HTTP", id="other HTTP"),
        pytest.param(raw(b""), "Remote end closed connection", id="no answer"),
        pytest.param(
            lambda handler: reply(handler, 200, b"a" * 101), "{}/a?****** is larger than", id="too large"
        ),
        pytest.param(redirecting(f"?again={SECRET}"), "redirects more than 5 times", id="circle"),
        pytest.param(
            redirecting(f"http://me:{SECRET}@other:1/b?token={SECRET}"),
            "redirects to another host: http://******@other:1/b?******",
            id="another host",
        ),
        pytest.param(redirecting(f"http://[{SECRET}"), "redirects to what is no URL", id="no URL"),
        pytest.param(redirecting(f"ftp://{SECRET}@a/b"), "ftp://******@a/b: not an http", id="other scheme"),
    ],
)
def test_whatever_an_http_server_does_the_secret_is_not_told(answer: Answer, said: str) -> None:
    with serving(answer) as url, pytest.raises(SourceError) as caught:
        http.fetch(secret_url(url), deadline_s=0.5, size_limit_bytes=100)

    assert said.format(url.replace("://", "://******@")) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_server_that_nobody_vouches_for(tmp_path: Path) -> None:
    with https_server(tmp_path) as url, pytest.raises(SourceError) as caught:
        http.fetch(secret_url(url), deadline_s=5, size_limit_bytes=100)

    assert "cannot trust https://******@127.0.0.1" in str(caught.value)
    assert SECRET not in str(caught.value)


@contextmanager
def https_server(folder: Path) -> Iterator[str]:
    """With a certificate that it signed itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-days", "1", "-nodes", "-newkey", "ec"]
    curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *subject, *curve, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(OSError, match=r"(?i)unknown.ca"):
                context.wrap_socket(connection, server_side=True)

        server = threading.Thread(target=accept)
        server.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        server.join()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listens(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    with pytest.raises(SourceError, match="Connection refused") as caught:
        http.fetch(secret_url(f"{scheme}://127.0.0.1:{port}"), deadline_s=0.3, size_limit_bytes=100)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("fetch", [http.fetch, tftp.fetch])
@pytest.mark.parametrize(
    "url", [f"http://me:{SECRET}/a", f"ftp://me:{SECRET}@h/a", f"http://h:x/a?{SECRET}", f"me:{SECRET}@h"]
)
def test_what_is_no_url(fetch: Callable[..., bytes], url: str) -> None:
    with pytest.raises(SourceError, match="cannot fetch") as caught:
        fetch(url, deadline_s=0.3, size_limit_bytes=100)

    assert SECRET not in str(caught.value)


def repeat_name(server: socket.socket, client: tuple[str, int], request: bytes) -> None:
    server.sendto(b"\0\5\0\1no " + request.split(b"\0")[1] + b"\0", client)


def silent(*_: object) -> None:
    return


@pytest.mark.parametrize(
    ("answer", "path", "said"),
    [
        pytest.param(repeat_name, "/a", "/a?******: the server answers with error 1 (", id="not found"),
        pytest.param(silent, "/a", "within 0.3 s: the server does not answer", id="silence"),
        pytest.param(test_fetch_tftp.saying(b"\0\3\0\1" + b"a" * 101), "/a", "cannot fetch", id="too large"),
        pytest.param(silent, f"/{'a' * 600}", "the path is longer than", id="long name"),
    ],
)
def test_whatever_a_tftp_server_does_the_secret_is_not_told(
    answer: test_fetch_tftp.Answer, path: str, said: str
) -> None:
    with test_fetch_tftp.serving(answer) as url, pytest.raises(SourceError) as caught:
        tftp.fetch(secret_url(url, path), deadline_s=0.3, size_limit_bytes=100)

    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_digest_that_does_not_fit_names_the_source_without_its_secret() -> None:
    with serving(lambda handler: reply(handler, 200, b"x")) as url:
        remote = RemoteContent(secret_url(url), "sha256", "0" * 64)
        with pytest.raises(SourceError, match=r"/a\?\*+: sha256 is") as caught:
            fetch_all([(remote, "files[0].source")], deadline_s=5)

    assert SECRET not in str(caught.value)
