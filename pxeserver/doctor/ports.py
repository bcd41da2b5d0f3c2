"""Whether the server's ports can be had, and who has those that cannot."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pxeserver.boot.decide import BOOT_SERVER_PORT, DHCP_PORT, DhcpMode
from pxeserver.config import ServerSettings
from pxeserver.doctor.diagnosis import Diagnosis, failed, ok
from pxeserver.tftp.transport import TFTP_PORT

# In /proc/net/udp a socket that listens is "unconnected" (7); in /proc/net/tcp it is in state LISTEN (0A).
_LISTENING = {"tcp": "0A", "udp": "07"}
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, slots=True)
class Port:
    """`interface`: the socket is bound to it, and meets only sockets of the same or of none (SO_BINDTODEVICE)."""

    protocol: str
    number: int
    address: str = ""
    interface: str | None = None

    def __str__(self) -> str:
        return f"{self.protocol} port {self.number}"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that listens on a port."""

    pid: int
    name: str
    is_pxeserver: bool


def server_ports(settings: ServerSettings, interface: str, address: str) -> tuple[Port, ...]:
    """All that `pxeserver serve` opens."""
    dhcp = {
        DhcpMode.FULL: (DHCP_PORT,),
        DhcpMode.OFF: (),
        DhcpMode.PROXY: (DHCP_PORT, BOOT_SERVER_PORT),
    }[settings.dhcp.mode]
    return (
        *(Port("udp", number, interface=interface) for number in dhcp),
        Port("udp", TFTP_PORT, address),
        Port("tcp", settings.http_port, address),
        Port("tcp", settings.assets_port, address),
    )


def check_port(port: Port, proc: Path = Path("/proc")) -> Diagnosis:
    """Opens the port as the server would, and closes it again."""
    try:
        _try(port)
    except PermissionError:
        todo = "run it as root, or with CAP_NET_BIND_SERVICE as pxeserver.service does"
        return failed("ports", f"{port} needs a privilege that this user does not have", todo)
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            return failed("ports", f"{port}: {problem.strerror}", "check the interface and its address")
        return _taken(port, tuple(holders(port, proc)))
    return ok("ports", f"{port} is free")


def _try(port: Port) -> None:
    with socket.socket(socket.AF_INET, _KINDS[port.protocol]) as tried:
        if port.interface is not None:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, port.interface.encode())
        if port.protocol == "tcp":  # as asyncio and waitress do: what an earlier server left is no hindrance
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((port.address, port.number))
        if port.protocol == "tcp":
            tried.listen()


def _taken(port: Port, found: tuple[Holder, ...]) -> Diagnosis:
    for holder in found:
        if holder.is_pxeserver:
            return ok("ports", f"{port} is served by pxeserver (process {holder.pid})")
    if not found:
        return failed(
            "ports", f"{port} is taken, by whom only root may see", "run this as root to see by whom"
        )
    names = " and ".join(f"{holder.name} (process {holder.pid})" for holder in found)
    todo = f"stop it, or keep it away from this interface; look with: ss -lnp 'sport = :{port.number}'"
    return failed("ports", f"{port} is taken by {names}", todo)


def holders(port: Port, proc: Path) -> Iterator[Holder]:
    """The processes that listen on the port, as far as this user may see them."""
    inodes = set(_inodes(port, proc))
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        if inodes & set(_sockets(folder)):
            yield Holder(int(folder.name), _read(folder / "comm").strip(), _is_pxeserver(folder))


def _inodes(port: Port, proc: Path) -> Iterator[str]:
    """Of the sockets that listen on the port: fields 1, 3 and 9 of a line (proc_net_tcp.txt of the kernel)."""
    for table in (port.protocol, f"{port.protocol}6"):
        try:
            lines = (proc / "self/net" / table).read_text().splitlines()[1:]
        except OSError:  # no IPv6 here
            continue
        for fields in (line.split() for line in lines):
            number = int(fields[1].rpartition(":")[2], 16)
            if number == port.number and fields[3] == _LISTENING[port.protocol]:
                yield fields[9]


def _sockets(folder: Path) -> Iterator[str]:
    try:
        descriptors = list((folder / "fd").iterdir())
    except OSError:  # another user's, or gone
        return
    for descriptor in descriptors:
        try:
            target = str(descriptor.readlink())
        except OSError:  # closed since
            continue
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")


def _is_pxeserver(folder: Path) -> bool:
    """By its command line, which is not shown: those of other programs may hold secrets."""
    words = _read(folder / "cmdline").split("\0")
    return "serve" in words and any(word.rpartition("/")[2] == "pxeserver" for word in words)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # the process is gone
        return ""
