"""A NoCloud seed on an HTTP server here, and the agent and cloud-init's reader that fetch it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.measure import Task

FILES = {"/user-data": b"#cloud-config\nhostname: node1\n", "/meta-data": b"instance-id: iid-1\n"}
# As in its own documentation of the class; the paths are those of a machine without state.
CLOUD_INIT = """\
import sys
from cloudinit import helpers
from cloudinit.distros import debian
from cloudinit.sources.DataSourceNoCloud import DataSourceNoCloudNet
state = sys.argv[2]
paths = helpers.Paths({"cloud_dir": state, "run_dir": state})
config = {"datasource": {"NoCloud": {"seedfrom": sys.argv[1], "fs_label": None}}}
source = DataSourceNoCloudNet(config, debian.Distro("debian", config, paths), paths)
assert source.get_data(), "not found"
assert b"node1" in source.get_userdata_raw()
"""


class _Seed(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = FILES.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def seed_server() -> Iterator[str]:
    """Its URL. Of the four files of a seed the two optional ones are missing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Seed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def ours(provision: str, url: str, place: Path) -> Task:
    """From the start of the process to the config, on a machine whose command line names the seed."""
    (place / "machine/proc").mkdir(parents=True)
    (place / "machine/proc/cmdline").write_text(f"quiet ds=nocloud;s={url}\n")
    return Task(((provision, "first-boot", "--stage", "fetch", "--look-in", str(place / "machine")),))


def theirs(url: str, place: Path) -> Task:
    """Only the reader of this one source; its search, in a shell script, comes before and is not counted."""
    (place / "state").mkdir()
    return Task((("/usr/bin/python3", "-c", CLOUD_INIT, url, str(place / "state")),))
