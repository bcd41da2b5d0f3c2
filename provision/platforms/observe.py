"""Looks at the machine: its firmware's tables, command line, file systems and files. Asks nobody."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from provision.platforms.observation import DMI_NAMES, Observation, Volume
from provision.platforms.volumes import Read, identify

# Of no use for a config, and many, or slow: a floppy drive that is none answers after seconds.
NO_DRIVES = ("dm-", "fd", "loop", "md", "nbd", "ram", "zram")


def observe(root: Path, paths: Iterable[str] = ()) -> Observation:
    """What is below `root`, which is `/` but in tests; `paths` are files whose presence means something."""
    return Observation(
        dmi={name: text for name in DMI_NAMES if (text := _dmi(root / "sys/class/dmi/id" / name))},
        hypervisor_uuid=_text(root / "sys/hypervisor/uuid").lower(),
        command_line=_text(root / "proc/cmdline"),
        volumes=volumes(root),
        paths=frozenset(path for path in paths if (root / path.lstrip("/")).exists()),
    )


def volumes(root: Path) -> tuple[Volume, ...]:
    """File systems on whole drives and partitions, those of CD-ROM drives first: a data disk has no config."""
    names = sorted(block_devices(root), key=lambda name: (not name.startswith("sr"), name))
    found = ((name, _look(root / "dev" / name)) for name in names)
    return tuple(Volume(f"/dev/{name}", *kind) for name, kind in found if kind)


def block_devices(root: Path) -> frozenset[str]:
    try:
        names = [entry.name for entry in (root / "sys/class/block").iterdir()]
    except FileNotFoundError:  # a kernel without block devices
        return frozenset()
    return frozenset(name for name in names if not name.startswith(NO_DRIVES))


def _look(device: Path) -> tuple[str, str] | None:
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # no medium in the drive, or the device is just going away
        return None
    try:
        return identify(_reader(descriptor))
    except OSError:  # a medium that cannot be read holds no config either
        return None
    finally:
        os.close(descriptor)


def _reader(descriptor: int) -> Read:
    return lambda offset, size: os.pread(descriptor, size, offset)


def _dmi(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError:  # no DMI on this machine, or a field that only root may read
        return ""
    # Firmware that was never told writes bytes of ones.
    return "" if not data.strip(b"\xff\n\0 ") else data.decode("utf-8", "replace").strip(" \0\n")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
