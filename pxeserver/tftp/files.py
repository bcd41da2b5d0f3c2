"""The files a TFTP server has: a folder, and names that stand for something elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pxeserver.tftp.names import split_name

# A name that is not there, one below a file, one that is a symbolic link, one no file system can hold.
ABSENT_ERRNOS = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG))


class Source(Protocol):
    """An opened file."""

    @property
    def size_bytes(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on: `length` of them, fewer at the end."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class BytesSource:
    """A file that exists in memory only."""

    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]

    def close(self) -> None:
        pass


class FileSource:
    """A file on disk, kept open: what is put in its place meanwhile does not mix with it."""

    def __init__(self, descriptor: int) -> None:
        """Takes over the descriptor; `FileNotFoundError` or `PermissionError` if it cannot be served."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FileNotFoundError("not a regular file")
        if not status.st_mode & stat.S_IROTH:
            # TFTP knows no users. What others may not read on this machine, the network may not either.
            os.close(descriptor)
            raise PermissionError("not readable by everybody")
        self._descriptor = descriptor
        self.size_bytes = status.st_size

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, offset)

    def close(self) -> None:
        os.close(self._descriptor)


@dataclass(frozen=True)
class TftpFiles:
    """What can be fetched, by name."""

    virtual: Mapping[str, bytes | Path] = field(default_factory=dict)
    """Name without a leading slash -> its content, or the file that has it. These come before the folder."""
    root: Path | None = None
    """A folder whose regular files are served. Symbolic links below it are not followed."""

    def open(self, name: str) -> Source:
        """The file of that name. `FileNotFoundError`, or `WireError` for a name that can name no file."""
        parts = split_name(name)
        content = self.virtual.get("/".join(parts))
        if isinstance(content, bytes):
            return BytesSource(content)
        if content is not None:
            # The operator named this very path, so links in it are as meant.
            return FileSource(os.open(content, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        if self.root is None:
            raise FileNotFoundError(name)
        return FileSource(_open_below(self.root, parts))


def _open_below(root: Path, parts: tuple[str, ...]) -> int:
    """Opened step by step from the root, so that no link, however it is swapped in, leads out of it."""
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(part, flags, dir_fd=folder)
            os.close(folder)
            folder = below
        # Non-blocking: opening a FIFO must not wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(parts[-1], flags, dir_fd=folder)
    except OSError as error:
        if error.errno not in ABSENT_ERRNOS:
            raise  # a full descriptor table is not a missing file
        raise FileNotFoundError(f"{'/'.join(parts)}: {error.strerror}") from error
    finally:
        os.close(folder)
