"""The servers that are measured, each with the same files, in a network of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("curl", "dnsmasq", "in.tftpd", "ip", "nginx")
START_S = 1.5
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
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


@contextmanager
def running(namespace: str, server: Server) -> Iterator[int]:
    """The server's process id."""
    with subprocess.Popen(
        inside(namespace, *server.command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            time.sleep(START_S)
            if process.poll() is not None:
                raise SystemExit(f"bench: {' '.join(server.command)}: ended with {process.returncode}")
            yield process.pid
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """Seconds of processor time of a process and all its children, also of those that have ended."""
    # Fields 14 to 17 of proc(5)'s stat; the second field, which may hold spaces, is in parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(int, fields)) / TICKS_A_SECOND + sum(cpu_s(int(child)) for child in children)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
