"""What is in a directory, in the order in which it can be removed, reached by directory fds alone."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from msgspec import Struct

_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Entry(Struct, frozen=True):
    """`parent_fd` is open until the next entry is asked for."""

    parent_fd: int
    name: str
    is_directory: bool


class _Level(Struct, frozen=True):
    parent_fd: int
    name: str
    fd: int
    waiting: list[str]


def deepest_first(parent_fd: int, name: str) -> Iterator[Entry]:
    """All below the directory, then itself. A link is an entry, and never followed.

    OSError with EXDEV where something else is mounted: what is on another disk is nobody's to remove here.
    """
    levels = [_enter(parent_fd, name)]
    device = os.fstat(levels[0].fd).st_dev
    try:
        while levels:
            level = levels[-1]
            if level.waiting:
                child = level.waiting.pop()
                entry = os.stat(child, dir_fd=level.fd, follow_symlinks=False)
                if not stat.S_ISDIR(entry.st_mode):
                    yield Entry(level.fd, child, is_directory=False)
                    continue
                levels.append(_enter(level.fd, child))
                if os.fstat(levels[-1].fd).st_dev != device:
                    raise OSError(errno.EXDEV, f"another file system is mounted at {child!r} in it")
            else:
                yield Entry(level.parent_fd, level.name, is_directory=True)
                os.close(levels.pop().fd)
    finally:
        for level in levels:
            os.close(level.fd)


def _enter(parent_fd: int, name: str) -> _Level:
    fd = os.open(name, _OPEN_DIRECTORY, dir_fd=parent_fd)
    try:
        with os.scandir(fd) as entries:
            return _Level(parent_fd, name, fd, sorted((entry.name for entry in entries), reverse=True))
    except OSError:
        os.close(fd)
        raise
