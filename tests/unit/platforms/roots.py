"""Fake machines: the files of /sys, /proc and /dev by which a platform is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SECTOR = 2048


def iso9660(label: str) -> bytes:
    """As much of a disc as says what it is (ECMA-119 8.4)."""
    descriptor = b"\x01CD001\x01\0" + b" " * 32 + label.encode().ljust(32)
    return bytes(16 * SECTOR) + descriptor.ljust(SECTOR, b"\0") + b"\xffCD001\x01".ljust(SECTOR, b"\0")


def vfat(label: str) -> bytes:
    """As much of a FAT file system as says what it is: its boot sector."""
    sector = bytearray(512)
    sector[11:13], sector[13], sector[14:16], sector[16] = (512).to_bytes(2, "little"), 1, b"\x01\0", 2
    sector[17:19], sector[22:24] = b"\x10\0", b"\x01\0"
    sector[43:54], sector[54:62], sector[510:] = label.encode().ljust(11), b"FAT12   ", b"\x55\xaa"
    return bytes(sector) + bytes(4096)


def udf(label: str) -> bytes:
    """As much of a UDF disc as says what it is (ECMA-167 3/9.1, 3/10.2, 3/10.6)."""
    disc = bytearray(300 * SECTOR)
    for number, name in ((16, b"BEA01"), (17, b"NSR02"), (18, b"TEA01")):
        disc[number * SECTOR + 1 : number * SECTOR + 6] = name
    anchor = 256 * SECTOR
    disc[anchor : anchor + 2], disc[anchor + 20 : anchor + 24] = b"\x02\0", (260).to_bytes(4, "little")
    volume = 260 * SECTOR
    disc[volume : volume + 2] = b"\x06\0"
    disc[volume + 84] = 8
    disc[volume + 85 : volume + 85 + len(label)] = label.encode()
    disc[volume + 211] = len(label) + 1
    return bytes(disc)


def ext4(label: str) -> bytes:
    """As much of an ext4 file system as says what it is: its superblock (ext4's own documentation)."""
    superblock = bytearray(1024)
    superblock[56:58], superblock[120:136] = b"\x53\xef", label.encode().ljust(16, b"\0")
    return bytes(1024) + bytes(superblock) + bytes(64 * 1024)


def make_machine(
    root: Path,
    *,
    dmi: Mapping[str, str | bytes] | None = None,
    command_line: str = "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet",
    devices: Mapping[str, bytes] | None = None,
    hypervisor_uuid: str = "",
    firmware: Mapping[str, bytes] | None = None,
    files: Mapping[str, str] | None = None,
) -> Path:
    written: dict[str, bytes] = {"proc/cmdline": f"{command_line}\n".encode()}
    for name, value in (dmi or {}).items():
        written[f"sys/class/dmi/id/{name}"] = value if isinstance(value, bytes) else f"{value}\n".encode()
    for name, content in (devices or {}).items():
        written[f"dev/{name}"] = content
        written[f"sys/class/block/{name}/size"] = b"8\n"
    if hypervisor_uuid:
        written["sys/hypervisor/uuid"] = f"{hypervisor_uuid}\n".encode()
    for name, content in (firmware or {}).items():
        written[f"sys/firmware/qemu_fw_cfg/by_name/{name}/raw"] = content
    for path, text in (files or {}).items():
        written[path.lstrip("/")] = text.encode()
    for path, content in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root
