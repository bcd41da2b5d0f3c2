"""How file systems that hold configs call themselves: ISO 9660 (ECMA-119), UDF (ECMA-167) and FAT, from their bytes."""

from __future__ import annotations

from collections.abc import Callable

SECTOR_BYTES = 2048
DESCRIPTORS = 16  # ECMA-119 6.2.1: volume descriptors begin at this sector
MAX_DESCRIPTORS = 32
UDF_ANCHOR = 256  # ECMA-167 3/8.4.2.1
LOGICAL_VOLUME = 6  # tags of descriptors: ECMA-167 3/7.2.1
TERMINATING = 8
FAT_NAMES = (b"FAT12   ", b"FAT16   ", b"FAT32   ")
FAT_LABEL_ENTRY = 0x08  # attribute of the entry of the root directory that is the label
NO_FAT_LABEL = "NO NAME"

Read = Callable[[int, int], bytes]
"""Bytes of the device from an offset on; fewer at its end."""


def identify(read: Read) -> tuple[str, str] | None:
    """Type and label; None for anything else, also for file systems that no config comes in."""
    return _optical(read) or _fat(read)


def _optical(read: Read) -> tuple[str, str] | None:
    """A disc can be both; then UDF is what a program that makes such a disc names as the user did."""
    iso_label: str | None = None
    is_udf = False
    for number in range(DESCRIPTORS, DESCRIPTORS + MAX_DESCRIPTORS):
        sector = read(number * SECTOR_BYTES, SECTOR_BYTES)
        name = sector[1:6]
        if name == b"CD001" and sector[0] == 1:
            iso_label = sector[40:72].decode("ascii", "replace").strip(" \0")  # ECMA-119 8.4.7
        elif name in (b"NSR02", b"NSR03"):  # ECMA-167 3/9.1
            is_udf = True
        elif name not in (b"CD001", b"BEA01", b"TEA01"):
            break
    if is_udf:
        label = _udf_label(read)
        return "udf", (iso_label or "") if label is None else label
    return None if iso_label is None else ("iso9660", iso_label)


def _udf_label(read: Read) -> str | None:
    anchor = read(UDF_ANCHOR * SECTOR_BYTES, SECTOR_BYTES)
    if len(anchor) < 24 or _number(anchor[0:2]) != 2:
        return None
    begins = _number(anchor[20:24])
    for number in range(begins, begins + MAX_DESCRIPTORS):
        descriptor = read(number * SECTOR_BYTES, SECTOR_BYTES)
        tag = _number(descriptor[0:2])
        if tag == LOGICAL_VOLUME:
            return _dstring(descriptor[84:212])  # ECMA-167 3/10.6.4
        if tag in (0, TERMINATING):
            return None
    return None


def _dstring(field: bytes) -> str | None:
    """OSTA CS0 (UDF 2.1.1): the first byte says how many bits a character has, the last how many bytes are used."""
    if len(field) < 2:
        return None
    text = field[1 : field[-1]]
    return text.decode("utf-16-be" if field[0] == 16 else "latin-1", "replace")


def _fat(read: Read) -> tuple[str, str] | None:
    boot = read(0, 512)
    if len(boot) < 512 or boot[510:] != b"\x55\xaa":
        return None
    place = next((place for place in (54, 82) if boot[place : place + 8] in FAT_NAMES), None)
    if place is None:
        return None
    label = boot[place - 11 : place].decode("ascii", "replace").strip(" \0")
    if place == 54:  # not FAT32, whose root directory can be anywhere
        label = _fat_root_label(read, boot) or label
    return "vfat", "" if label == NO_FAT_LABEL else label


def _fat_root_label(read: Read, boot: bytes) -> str | None:
    """mkfs.vfat writes both; who renames such a disk later often writes only this one."""
    sector_bytes = _number(boot[11:13])
    begins = (_number(boot[14:16]) + boot[16] * _number(boot[22:24])) * sector_bytes
    entries = read(begins, min(_number(boot[17:19]), 512) * 32)
    for offset in range(0, len(entries) - 31, 32):
        entry = entries[offset : offset + 32]
        if entry[0] == 0:
            return None
        if entry[11] == FAT_LABEL_ENTRY and entry[0] != 0xE5:
            return entry[:11].decode("ascii", "replace").strip()
    return None


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")
