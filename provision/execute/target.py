"""The one door to files below a target root.

Paths are absolute as seen from inside the root. Every change goes through a gate, so that a test can pull the
plug at any of them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar
from zlib import crc32

from msgspec import Struct

from provision.execute.open_directories import OpenDirectories
from provision.execute.path_walk import parts, walking
from provision.execute.syncfs import syncfs
from provision.execute.tree_removal import deepest_first

P = ParamSpec("P")
T = TypeVar("T")

DIRECTORY_MODE = 0o755
READ_BYTES = 256 * 1024  # most files at once; a file object would ask for its size and position first
TEMPORARY_PREFIX = ".provision-"


class Gate(Protocol):
    """Makes one change to the file system."""

    def __call__(self, change: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...


def straight(change: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return change(*args, **kwargs)


class Ownership(Struct, frozen=True):
    uid: int
    gid: int


ROOT = Ownership(0, 0)


class StagedFile(Struct, frozen=True):
    """A complete file waiting beside its place under a temporary name."""

    path: str


class Target:
    """A machine's root directory, held open. New parent directories belong to root, mode 0755."""

    def __init__(self, root: Path, *, gate: Gate = straight) -> None:
        self.root = root.absolute()  # useradd and systemctl take no other
        self._gate = gate
        self._root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open = OpenDirectories(self._root_fd)

    def close(self) -> None:
        self._open.forget()
        os.close(self._root_fd)

    def look_anew(self) -> None:
        """Others (a program that was run) may have moved or removed directories since."""
        self._open.forget()

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading. A missing path is None, every other failure is an OSError.

    def stat(self, path: str) -> os.stat_result | None:
        """The entry itself: a link is not followed."""
        if self._open.lacks(path):
            return None
        try:
            directory_fd, name = self._open.parent(path)
            return os.stat(name, dir_fd=directory_fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def readlink(self, path: str) -> str | None:
        """Where the link at `path` points; None when there is none, or something else."""
        entry = self.stat(path)
        if entry is None or not stat.S_ISLNK(entry.st_mode):
            return None
        directory_fd, name = self._open.parent(path)
        return os.readlink(name, dir_fd=directory_fd)

    def read_file(self, path: str) -> bytes | None:
        """Content of the regular file that `path` leads to, links followed inside the root."""
        try:
            fd = self._open_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return b"".join(iter(partial(os.read, fd, READ_BYTES), b""))
        finally:
            os.close(fd)

    def _open_file(self, path: str) -> int:
        # O_NONBLOCK: a FIFO in the place of a file must not stop the run.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        directory_fd, name = self._open.parent(path)
        try:
            return os.open(name, flags, dir_fd=directory_fd)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        with walking(self._root_fd) as walk:  # it is a link
            name = walk.follow(path)
            return os.open(name, flags, dir_fd=walk.fd)

    def is_locked(self, path: str) -> bool:
        """Whether somebody holds the lock of `open_lock`; needs no privileges."""
        try:
            directory_fd, name = self._open.parent(path)
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory_fd)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def list_directory(self, path: str) -> tuple[str, ...]:
        """Sorted names in a directory; empty when it does not exist."""
        try:
            with walking(self._root_fd) as walk:
                walk.descend(path)
                fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=walk.fd)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        try:
            with os.scandir(fd) as entries:
                return tuple(sorted(entry.name for entry in entries))
        finally:
            os.close(fd)

    def free_bytes(self, path: str) -> int:
        """Room on the file system of the directory that holds `path`."""
        directory_fd, _ = self._open.parent(path)
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory_fd)
        try:
            room = os.fstatvfs(fd)
        finally:
            os.close(fd)
        return room.f_bavail * room.f_frsize

    def missing_parents(self, path: str) -> tuple[str, ...]:
        """Ancestors of `path` that do not exist, shallow first."""
        if self._open.knows(path.rpartition("/")[0]):
            return ()
        names = parts(path)[:-1]
        ancestors = ["/" + "/".join(names[: depth + 1]) for depth in range(len(names))]
        for depth in range(len(ancestors), 0, -1):
            if self.stat(ancestors[depth - 1]) is not None:
                return tuple(ancestors[depth:])
        return tuple(ancestors)

    # Changing.

    def make_directory(self, path: str, *, mode: int = DIRECTORY_MODE, owner: Ownership = ROOT) -> None:
        """A new directory, seen only with its final owner and mode; missing parents are made as well."""
        self.make_parents(path)
        temporary = temporary_path(path)
        self._clear(temporary)
        directory_fd, name = self._open.parent(temporary)
        self._gate(os.mkdir, name, 0o700, dir_fd=directory_fd)
        self._set_directory_owner(directory_fd, name, mode=mode, owner=owner)
        self._rename(temporary, path)
        self._open.forget()

    def make_parents(self, path: str) -> None:
        for parent in self.missing_parents(path):
            self.make_directory(parent)

    def set_owner_and_mode(self, path: str, *, mode: int | None, owner: Ownership) -> None:
        """For a directory that exists already."""
        directory_fd, name = self._open.parent(path)
        self._set_directory_owner(directory_fd, name, mode=mode, owner=owner)

    def stage_file(self, path: str, content: bytes, *, mode: int, owner: Ownership = ROOT) -> StagedFile:
        """Write the file beside its place with final owner and mode; `commit` puts it in place."""
        self.make_parents(path)
        fd = self._create(temporary_path(path))
        try:
            self._write_all(fd, content)
            self._give(fd, owner)
            self._gate(os.fchmod, fd, mode)  # after the change of owner, which clears set-id bits
        finally:
            os.close(fd)
        return StagedFile(path)

    def commit(self, staged: Sequence[StagedFile]) -> None:
        """Put all staged files in place. After a power cut each is either the old or the complete new one."""
        if not staged:
            return
        self.sync(staged)
        self.publish(staged)
        self.sync(staged)

    def publish(self, staged: Sequence[StagedFile]) -> None:
        """Put files in place for every reader from now on, without waiting for the disk."""
        for file in staged:
            self._rename(temporary_path(file.path), file.path)
        self._open.forget()  # a file may have taken the place of a link that led to others

    def sync(self, staged: Sequence[StagedFile]) -> None:
        """One `syncfs` for each file system that holds one of the files."""
        seen: set[int] = set()
        # One file of each directory stands for all.
        for path in {file.path.rpartition("/")[0]: file.path for file in staged}.values():
            directory_fd, _ = self._open.parent(path)
            device = os.fstat(directory_fd).st_dev
            if device not in seen:
                seen.add(device)
                self._sync_file_system(directory_fd)

    def append_line(self, path: str, line: bytes) -> None:
        """Add to a file and wait until it, and all written before it, is on the disk.

        A line torn by an earlier power cut is closed first.
        """
        self.make_parents(path)
        before = self.read_file(path)
        torn = before is not None and before != b"" and not before.endswith(b"\n")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        directory_fd, name = self._open.parent(path)
        fd = self._gate(os.open, name, flags, 0o644, dir_fd=directory_fd)
        try:
            self._write_all(fd, (b"\n" if torn else b"") + line + b"\n")
            self._gate(syncfs, fd)
        finally:
            os.close(fd)

    def open_lock(self, path: str) -> int:
        """An fd that holds a lock until it is closed, by us or by our end; BlockingIOError when another holds it."""
        self.make_parents(path)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        directory_fd, name = self._open.parent(path)
        fd = self._gate(os.open, name, flags, 0o644, dir_fd=directory_fd)
        return _locked(fd, fcntl.flock)

    def open_record_lock(self, path: str) -> int | None:
        """As `open_lock`, with a lock of fcntl(2) on a file that others made; None when it is not there."""
        try:
            directory_fd, name = self._open.parent(path)
            fd = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory_fd)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _locked(fd, fcntl.lockf)

    def symlink(self, path: str, points_to: str, *, owner: Ownership = ROOT) -> None:
        self.make_parents(path)
        temporary = temporary_path(path)
        self._clear(temporary)
        directory_fd, name = self._open.parent(temporary)
        self._gate(os.symlink, points_to, name, dir_fd=directory_fd)
        if owner != ROOT:  # whose it is already
            self._gate(os.chown, name, owner.uid, owner.gid, dir_fd=directory_fd, follow_symlinks=False)
        self._rename(temporary, path)
        self._open.forget()

    def hardlink(self, path: str, existing: str) -> None:
        self.make_parents(path)
        temporary = temporary_path(path)
        self._clear(temporary)
        source_fd, source_name = self._open.parent(existing)
        directory_fd, name = self._open.parent(temporary)
        self._gate(
            os.link, source_name, name, src_dir_fd=source_fd, dst_dir_fd=directory_fd, follow_symlinks=False
        )
        self._rename(temporary, path)
        # rename(2) does nothing, and leaves the source, when both are hard links to one file.
        self._clear(temporary)
        self._open.forget()

    def move(self, source: str, destination: str) -> None:
        """Put what was built under another name into its place."""
        self.make_parents(destination)
        self._rename(source, destination)
        self._open.forget()

    def remove(self, path: str) -> None:
        """Remove a file or link; nothing happens when it is gone already."""
        try:
            directory_fd, name = self._open.parent(path)
            self._gate(os.unlink, name, dir_fd=directory_fd)
        except (FileNotFoundError, NotADirectoryError):
            return
        self._open.forget()  # it may have been a link that led to others

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory; OSError with ENOTEMPTY otherwise."""
        directory_fd, name = self._open.parent(path)
        self._gate(os.rmdir, name, dir_fd=directory_fd)
        self._open.forget()

    def remove_tree(self, path: str) -> None:
        """Remove a directory with all that is in it; nothing of it when another file system is mounted there."""
        directory_fd, name = self._open.parent(path)
        for _ in deepest_first(directory_fd, name):
            pass  # only to find what is mounted, before the first entry is gone
        for entry in deepest_first(directory_fd, name):
            take = os.rmdir if entry.is_directory else os.unlink
            self._gate(take, entry.name, dir_fd=entry.parent_fd)
        self._open.forget()

    def remove_leftover(self, path: str) -> None:
        """Remove what an interrupted change of `path` left beside it."""
        self._clear(temporary_path(path))

    def _create(self, temporary: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        directory_fd, name = self._open.parent(temporary)
        try:
            return self._gate(os.open, name, flags, 0o600, dir_fd=directory_fd)
        except FileExistsError:  # left by an interrupted run
            self._clear(temporary)
        directory_fd, name = self._open.parent(temporary)
        return self._gate(os.open, name, flags, 0o600, dir_fd=directory_fd)

    def _clear(self, temporary: str) -> None:
        entry = self.stat(temporary)
        if entry is None:
            return
        if not stat.S_ISDIR(entry.st_mode):
            self.remove(temporary)
            return
        for name in self.list_directory(temporary):
            self._clear(f"{temporary}/{name}")
        self.remove_directory(temporary)

    def _rename(self, source: str, destination: str) -> None:
        source_fd, name = self._open.parent(source)
        place_fd, final_name = self._open.parent(destination)
        self._gate(os.rename, name, final_name, src_dir_fd=source_fd, dst_dir_fd=place_fd)

    def _set_directory_owner(self, parent_fd: int, name: str, *, mode: int | None, owner: Ownership) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=parent_fd)
        try:
            self._give(fd, owner)
            if mode is not None:
                self._gate(os.fchmod, fd, mode)
        finally:
            os.close(fd)

    def _give(self, fd: int, owner: Ownership) -> None:
        entry = os.fstat(fd)
        if (entry.st_uid, entry.st_gid) != (owner.uid, owner.gid):
            self._gate(os.fchown, fd, owner.uid, owner.gid)

    def _write_all(self, fd: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._gate(os.write, fd, rest) :]

    def _sync_file_system(self, directory_fd: int) -> None:
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory_fd)
        try:
            self._gate(syncfs, fd)
        finally:
            os.close(fd)


def temporary_path(path: str) -> str:
    """Always the same name for the same place: a run after a crash replaces what the first one left."""
    directory, _, name = path.rstrip("/").rpartition("/")
    # Names may be 255 bytes long (NAME_MAX), so the temporary name cannot contain a long one.
    short = name if len(name.encode()) <= 200 else f"{name[:40]}-{crc32(name.encode()):08x}"
    return f"{directory}/{TEMPORARY_PREFIX}{short}"


def _locked(fd: int, lock: Callable[[int, int], None]) -> int:
    """The fd, with a lock on it; it is closed when another holds the lock."""
    try:
        lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd
