"""Waiting until a whole file system is on the disk."""

from __future__ import annotations

import ctypes
import os


def syncfs(fd: int) -> None:
    """syncfs(2), which Python's os module does not offer."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
