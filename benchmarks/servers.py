"""The servers that are measured, each with the same files, in a network of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("curl", "dnsmasq", "in.tftpd", "ip", "nginx")
START_S = 1.5
JOIN_GROUP = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
NGINX = """
worker_processes auto;  # as Debian configures it
daemon off; user root; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 768; }}
http {{
    sendfile on; tcp_nopush on; access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.5:80; root {folder}; }}
}}
"""
TFTPY = "import sys, tftpy; tftpy.TftpServer(sys.argv[1]).listen('127.0.0.4', 69)"


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    address: str
    command: tuple[str, ...]


def tftp_servers(folder: Path) -> tuple[Server, ...]:
    """All serve `folder`; ours is the first."""
    dnsmasq = (
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--port=0"),
        *("--bind-interfaces", "--listen-address=127.0.0.3"),
        *("--enable-tftp", f"--tftp-root={folder}", "--tftp-max=200"),
    )
    return (
        ours(folder),
        Server(
            "tftpd-hpa",
            "127.0.0.2",
            ("in.tftpd", "--foreground", "--listen", "--address", "127.0.0.2:69", "--secure", str(folder)),
        ),
        Server("dnsmasq", "127.0.0.3", dnsmasq),
        Server("tftpy", "127.0.0.4", (sys.executable, "-c", TFTPY, str(folder))),
    )


def http_servers(folder: Path) -> tuple[Server, ...]:
    """Both serve the image of `folder` on port 80; ours is the first."""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder))
    return ours(folder), Server("nginx", "127.0.0.5", ("nginx", "-c", str(config)))


def ours(folder: Path) -> Server:
    return Server(
        "pxeserver", "127.0.0.1", (sys.executable, "-m", "benchmarks.our_server", "127.0.0.1", str(folder))
    )


@contextmanager
def network() -> Iterator[str]:
    """A network namespace with nothing in it but loopback, and an address without which in.tftpd does not start."""
    name = f"bench-{os.getpid()}"
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "-n", name, "link", "set", "lo", "up")
        _run("ip", "-n", name, "link", "add", "bench0", "type", "veth", "peer", "name", "bench1")
        _run("ip", "-n", name, "address", "add", "10.77.0.1/24", "dev", "bench0")
        for link in ("bench0", "bench1"):
            _run("ip", "-n", name, "link", "set", link, "up")
        yield name
    finally:
        _run("ip", "netns", "delete", name)


def inside(namespace: str, *command: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", namespace, *command)


class Running:
    """A server at work, in a control group of its own: the kernel keeps count also of children that have ended."""

    def __init__(self, group: Path) -> None:
        self._group = group

    def cpu_s(self) -> float:
        """Seconds of processor time so far."""
        counts = dict(line.split() for line in (self._group / "cpu.stat").read_text().splitlines())
        return int(counts["usage_usec"]) / 1e6


@contextmanager
def running(namespace: str, server: Server) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as place:
        _run("mount", "-t", "cgroup2", "none", place)
        group = Path(place) / f"bench-{os.getpid()}-{server.name}"
        try:
            group.mkdir()
            command = ("sh", "-c", JOIN_GROUP, str(group), *inside(namespace, *server.command))
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                time.sleep(START_S)
                if process.poll() is not None:
                    raise SystemExit(f"bench: {' '.join(server.command)}: ended with {process.returncode}")
                try:
                    yield Running(group)
                finally:
                    (group / "cgroup.kill").write_text("1")
            _remove(group)
        finally:
            _run("umount", place)


def _remove(group: Path) -> None:
    """A group can be removed when the last process in it is gone, a little after it was killed."""
    while "populated 1" in (group / "cgroup.events").read_text():
        time.sleep(0.05)
    group.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
