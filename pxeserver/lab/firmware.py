"""What an emulated machine has in its flash, as QEMU arguments."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path

from pxeserver.lab.namespace import LabError

OVMF = Path("/usr/share/OVMF")  # of Debian's package ovmf


class LabFirmware(StrEnum):
    BIOS = "bios"
    """SeaBIOS, whose network cards carry iPXE."""
    UEFI = "uefi"
    """OVMF with its own network drivers: plain PXE and HTTP boot."""
    HTTP_UEFI = "http uefi"
    """As UEFI, with PXE switched off: it comes to HTTP boot at once instead of after minutes."""
    SECURE_UEFI = "secure uefi"
    """As UEFI, with Secure Boot and the keys that PCs are sold with."""


def firmware_arguments(firmware: LabFirmware, variables: Path) -> tuple[str, ...]:
    """`variables` is the file that keeps the machine's boot variables; made when it is not there."""
    if firmware is LabFirmware.BIOS:
        # graphics=off: BIOS and boot loader write to the serial console what they would show on a screen.
        return ("-machine", "pc,graphics=off")
    is_secure = firmware is LabFirmware.SECURE_UEFI
    code = OVMF / ("OVMF_CODE_4M.ms.fd" if is_secure else "OVMF_CODE_4M.fd")
    if not code.exists():
        raise LabError(f"no file {code}; install it with: apt-get install ovmf")
    if not variables.exists():
        shutil.copy(OVMF / ("OVMF_VARS_4M.ms.fd" if is_secure else "OVMF_VARS_4M.fd"), variables)
    # Names of OVMF's own: OvmfPkg/RUNTIME_CONFIG.md in edk2.
    without_pxe = (
        *("-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=no"),
        *("-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=no"),
    )
    # Secure Boot's variables are written in system management mode only.
    secure = ("-global", "driver=cfi.pflash01,property=secure,value=on") if is_secure else ()
    return (
        *("-machine", "q35,smm=on" if is_secure else "q35"),
        *secure,
        *(without_pxe if firmware is LabFirmware.HTTP_UEFI else ()),
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"),
        *("-drive", f"if=pflash,format=raw,unit=1,file={variables}"),
    )


def card_options(firmware: LabFirmware) -> str:
    """Without the iPXE that QEMU puts on its cards, UEFI uses its own drivers."""
    return "" if firmware is LabFirmware.BIOS else ",romfile="
