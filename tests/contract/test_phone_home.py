"""The script of `phone_home` posts what cloud-init posts, and tries again."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from tests.unit.provision.formats.cloud import cloud_document


class Home(BaseHTTPRequestHandler):
    """Takes forms, after so many failures."""

    failures = 1
    forms: list[dict[str, list[str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if type(self).failures:
            type(self).failures -= 1
            self.send_response(503)
        else:
            type(self).forms.append(parse_qs(body))
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def home(failures: int) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    forms: list[dict[str, list[str]]] = []
    handler = type("Counting", (Home,), {"failures": failures, "forms": forms})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", forms
    finally:
        server.shutdown()


def run(body: str, place: Path) -> int:
    (command,) = cloud_document(f"phone_home: {body}").commands
    script = place / "script"
    script.write_text(command.script or "")
    script.chmod(0o700)
    return subprocess.run([str(script)], capture_output=True, check=False).returncode


def test_what_was_asked_for_is_posted_as_a_form(tmp_path: Path) -> None:
    with home(failures=1) as (url, forms):
        code = run(f"{{url: '{url}', post: [hostname, instance_id, pub_key_dsa], tries: 2}}", tmp_path)

    name = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert code == 0
    assert [form["hostname"] for form in forms] == [[name]]
    assert all(set(form) <= {"hostname", "instance_id"} for form in forms)  # no DSA key is there


def test_a_home_that_never_answers_is_a_failure(tmp_path: Path) -> None:
    with home(failures=9) as (url, forms):
        code = run(f"{{url: '{url}', post: [hostname], tries: 1}}", tmp_path)

    assert code != 0
    assert forms == []
