"""Facts about the running machine, read from its files and the kernel."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from provision.execute.target import Target
from provision.facts import Facts

SIOCGIFADDR = 0x8915  # netdevice(7)
RTF_UP = 0x0001  # include/uapi/linux/route.h
MACHINE_ID = re.compile(r"[0-9a-f]{32}")  # machine-id(5)
PRIVATE = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.")  # RFC 1918
# What hostname(5) and first boots put there while nobody has named the machine.
NO_HOSTNAMES = frozenset({"", "localhost", "(none)"})

AddressOf = Callable[[str], str | None]


def observe(root: Path) -> Facts:
    """Facts of the machine whose files are below `root`; kernel and network are those of this process."""
    return observe_from(root, proc=Path("/proc"), sys=Path("/sys"), address_of=interface_address)


def observe_from(root: Path, *, proc: Path, sys: Path, address_of: AddressOf) -> Facts:
    machine = _machine(_text(proc / "cmdline"))
    with Target(root) as target:
        hostname = _first_line(target.read_file("/etc/hostname"))
        machine_id = _first_line(target.read_file("/etc/machine-id"))
    interfaces = [*_interfaces_with_mac(sys, machine), *_default_route_interfaces(_text(proc / "net/route"))]
    ipv4 = _first_global(interfaces, address_of)
    is_private = ipv4 is not None and PRIVATE.match(ipv4) is not None
    return Facts(
        hostname=None if hostname in NO_HOSTNAMES else hostname,
        machine=machine,
        ipv4=ipv4,
        machine_id=machine_id if MACHINE_ID.fullmatch(machine_id) else None,
        # Until a platform tells of others: bare metal has no metadata, and one address.
        private_ipv4=ipv4 if is_private else None,
        public_ipv4=None if is_private else ipv4,
    )


def interface_address(interface: str) -> str | None:
    """First IPv4 address of an interface; None when it has none."""
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # struct ifreq: 16 bytes of name, then a sockaddr_in whose address is at its byte 4
            answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, interface.encode()[:15].ljust(40, b"\0"))
        except OSError:  # EADDRNOTAVAIL: no address
            return None
    return socket.inet_ntoa(answer[20:24])


def _machine(cmdline: str) -> str | None:
    words = [word.partition("=") for word in cmdline.split()]
    values = [value.lower().replace("-", ":") for name, _, value in words if name == "provision.machine"]
    # the last one wins, as for the kernel's own parameters
    return values[-1] if values and values[-1] else None


def _interfaces_with_mac(sys: Path, mac: str | None) -> list[str]:
    if mac is None:
        return []
    places = sorted((sys / "class/net").glob("*/address"))
    return [place.parent.name for place in places if _text(place).strip().lower() == mac]


def _default_route_interfaces(route: str) -> list[str]:
    """Lowest metric first. Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask."""
    rows = [line.split() for line in route.splitlines()[1:]]
    defaults = [
        row for row in rows if len(row) >= 8 and row[1] == row[7] == "00000000" and int(row[3], 16) & RTF_UP
    ]
    return [row[0] for row in sorted(defaults, key=lambda row: int(row[6]))]


def _first_global(interfaces: Sequence[str], address_of: AddressOf) -> str | None:
    addresses = (address_of(interface) for interface in interfaces)
    return next((address for address in addresses if address and _is_global(address)), None)


def _is_global(address: str) -> bool:
    """Scope global as the kernel has it: neither loopback nor link-local (RFC 3927)."""
    return not address.startswith(("127.", "169.254.", "0."))


def _first_line(content: bytes | None) -> str:
    lines = (content or b"").decode(errors="replace").split("\n")
    return lines[0].strip()


def _text(place: Path) -> str:
    try:
        return place.read_text(errors="replace")
    except OSError:  # no /proc or /sys in a build environment: the fact is not known
        return ""
