"""The kinds of machine that network-boot, and the first program each is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Firmware(StrEnum):
    BIOS = "bios"
    UEFI = "uefi"
    UBOOT = "u-boot"
    RASPBERRY_PI = "raspberry pi"


class Loader(StrEnum):
    """The kind of first program, chosen by the operator; a file's name or a URL may stand in its place."""

    IPXE = "ipxe"
    GRUB = "grub"
    """GRUB where the table has one; the others get iPXE."""
    SHIM = "shim"
    """GRUB behind a shim that Secure Boot trusts; where there is none: GRUB, else iPXE."""


@dataclass(frozen=True)
class Architecture:
    """One value of DHCP option 93. Loaders are names of files, as served; None: nobody builds one."""

    code: int
    name: str
    firmware: Firmware
    ipxe: str
    grub: str | None = None
    shim: str | None = None
    boots_over_http: bool = False
    build: str = ""
    """What iPXE calls this processor (`buildarch`), and selectors call `arch`."""
    quirk: str = ""
    source: str = "IANA"

    def loader(self, wanted: str) -> str:
        """The file for what the operator wants: a kind of loader, or a file of his own.

        EFI files are for UEFI only, all others for the rest; who cannot run what is wanted gets iPXE.
        """
        match wanted:
            case Loader.SHIM:
                return self.shim or self.grub or self.ipxe
            case Loader.GRUB:
                return self.grub or self.ipxe
            case Loader.IPXE:
                return self.ipxe
        return wanted if wanted.endswith(".efi") == self.ipxe.endswith(".efi") else self.ipxe


_SWAPPED = "7 and 9 are swapped in RFC 4578 (erratum 4624); some send 9: both get the same"
_HEADER = "reads the file field of the header only"
_BINL = "asks again on port 4011"
_HTTP = "needs option 60 HTTPClient and a whole URL"
_PI = "needs boot menu 'Raspberry Pi Boot'; takes its own files from TFTP"

# Values: IANA "Processor Architecture Types". snponly uses the firmware's own network driver: it works, as the
# firmware has just used it.
ARCHITECTURES: tuple[Architecture, ...] = (
    # No word about the processor: most are of 64 bits, and only a program can tell.
    Architecture(0, "x86 BIOS", Firmware.BIOS, "undionly.kpxe", source="RFC 4578"),
    Architecture(
        6,
        "x86 UEFI",
        Firmware.UEFI,
        "snponly-i386.efi",
        "grubia32.efi",
        "shimia32.efi",
        build="i386",
        quirk=_BINL,
    ),
    Architecture(
        *(7, "x86-64 UEFI", Firmware.UEFI, "snponly.efi", "grubx64.efi", "shimx64.efi"),
        build="x86_64",
        quirk=_BINL,
        source="RFC 4578, erratum 4624",
    ),
    Architecture(
        *(9, "x86-64 UEFI (as EBC)", Firmware.UEFI, "snponly.efi", "grubx64.efi", "shimx64.efi"),
        build="x86_64",
        quirk=_SWAPPED,
        source="RFC 4578, erratum 4624",
    ),
    Architecture(
        *(11, "ARM64 UEFI", Firmware.UEFI, "snponly-arm64.efi", "grubaa64.efi", "shimaa64.efi"),
        build="arm64",
        quirk=_BINL,
    ),
    Architecture(
        *(15, "x86 UEFI HTTP", Firmware.UEFI, "snponly-i386.efi", "grubia32.efi", "shimia32.efi"),
        boots_over_http=True,
        build="i386",
        quirk=_HTTP,
    ),
    Architecture(
        *(16, "x86-64 UEFI HTTP", Firmware.UEFI, "snponly.efi", "grubx64.efi", "shimx64.efi"),
        boots_over_http=True,
        build="x86_64",
        quirk=_HTTP,
    ),
    Architecture(
        *(19, "ARM64 UEFI HTTP", Firmware.UEFI, "snponly-arm64.efi", "grubaa64.efi", "shimaa64.efi"),
        boots_over_http=True,
        build="arm64",
        quirk=_HTTP,
    ),
    Architecture(21, "ARM32 U-Boot", Firmware.UBOOT, "snponly-arm32.efi", build="arm32", quirk=_HEADER),
    Architecture(22, "ARM64 U-Boot", Firmware.UBOOT, "snponly-arm64.efi", build="arm64", quirk=_HEADER),
    Architecture(41, "Raspberry Pi", Firmware.RASPBERRY_PI, "snponly-arm64.efi", build="arm64", quirk=_PI),
)

LOADER_NAMES = tuple(sorted({row.loader(wanted) for row in ARCHITECTURES for wanted in Loader}))

RASPBERRY_PI = 41
# The Pi 5 says 0, the code of a PC BIOS; older ones say 0 too. Their makers' address blocks tell them (IEEE OUI).
RASPBERRY_PI_OUIS = frozenset(
    bytes.fromhex(oui) for oui in ("28cdc1", "2ccf67", "b827eb", "d83add", "dca632", "e45f01")
)

_BY_CODE = {architecture.code: architecture for architecture in ARCHITECTURES}


def find_architecture(codes: Iterable[int], hardware_address: bytes = b"") -> Architecture | None:
    """The first architecture of a client's list that there is a loader for."""
    if hardware_address[:3] in RASPBERRY_PI_OUIS:
        codes = (RASPBERRY_PI if code == 0 else code for code in codes)
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
