"""The kinds of machine that network-boot, and the first program each is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Firmware(StrEnum):
    BIOS = "bios"
    UEFI = "uefi"


@dataclass(frozen=True)
class Architecture:
    """One value of DHCP option 93."""

    code: int
    name: str
    loader: str
    """File name of the iPXE build for this machine, as served by TFTP."""
    firmware: Firmware
    boots_over_http: bool = False


# Values: IANA "Processor Architecture Types". RFC 4578 sec. 2.1 swapped 7 and 9 (verified erratum 4624): 7 is
# x86-64, and some senders use 9 for it, so both get the same loader. snponly uses the firmware's own network
# driver: it works, as the firmware has just used it.
ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(0, "x86 BIOS", "undionly.kpxe", Firmware.BIOS),
    Architecture(6, "x86 UEFI", "snponly-i386.efi", Firmware.UEFI),
    Architecture(7, "x86-64 UEFI", "snponly.efi", Firmware.UEFI),
    Architecture(9, "x86-64 UEFI (as EBC)", "snponly.efi", Firmware.UEFI),
    Architecture(11, "ARM64 UEFI", "snponly-arm64.efi", Firmware.UEFI),
    Architecture(16, "x86-64 UEFI HTTP", "snponly.efi", Firmware.UEFI, boots_over_http=True),
    Architecture(19, "ARM64 UEFI HTTP", "snponly-arm64.efi", Firmware.UEFI, boots_over_http=True),
)

_BY_CODE = {architecture.code: architecture for architecture in ARCHITECTURES}


def find_architecture(codes: Iterable[int]) -> Architecture | None:
    """The first architecture of a client's list that there is a loader for."""
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
