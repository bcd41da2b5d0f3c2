"""Whether the interface can reach machines."""

from __future__ import annotations

from pathlib import Path

from pxeserver.doctor.diagnosis import Diagnosis, failed, ok
from pxeserver.errors import StartError
from pxeserver.network import interface_address

IFF_UP = 0x1  # netdevice(7)


def check_interface(name: str, sys_net: Path = Path("/sys/class/net")) -> Diagnosis:
    """Exists, is up, has a cable, has an address."""
    folder = sys_net / name
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in sys_net.iterdir()))
        return failed("interface", f"there is no interface {name!r}", f"name one of: {known}")
    if not int((folder / "flags").read_text(), 16) & IFF_UP:
        return failed("interface", f"{name} is down", f"ip link set {name} up")
    if _read(folder / "carrier") == "0":
        return failed(
            "interface", f"{name} has no carrier", "plug in its cable, or start what is at its other end"
        )
    try:
        address = interface_address(name)
    except StartError as problem:
        what, _, todo = str(problem).partition("; ")
        return failed("interface", what, todo)
    return ok("interface", f"{name} is up with {address}")


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # this kind of interface has no such thing
        return ""
