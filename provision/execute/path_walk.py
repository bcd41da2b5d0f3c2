"""Finds a path below a root directory as a chrooted process would, without ever leaving it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

MAX_LINKS = 40  # as Linux: MAXSYMLINKS in include/linux/namei.h

_OPEN_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class PathWalk:
    """Directory fds from the root to where the walk stands. `..` at the root stays there."""

    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._open: list[int] = []
        self._names: list[str] = []
        self._links_left = MAX_LINKS

    @property
    def fd(self) -> int:
        return self._open[-1] if self._open else self._root_fd

    @property
    def path(self) -> str:
        """Where the walk stands, as seen from inside the root, free of links."""
        return "/" + "/".join(self._names)

    def close(self) -> None:
        while self._open:
            os.close(self._open.pop())
        self._names.clear()

    def descend(self, path: str) -> None:
        """Go to the directory `path`; FileNotFoundError and NotADirectoryError as the kernel gives them."""
        waiting = parts(path)
        while waiting:
            waiting = self._one_component(waiting)

    def follow(self, path: str) -> str:
        """Go to the directory that holds `path` after all links, the last one too; returns its name there."""
        waiting = parts(path)
        while len(waiting) > 1 or (waiting and self._is_link(waiting[0])) or waiting == [".."]:
            waiting = self._one_component(waiting)
        return waiting[0] if waiting else "."

    def _one_component(self, waiting: list[str]) -> list[str]:
        name, rest = waiting[0], waiting[1:]
        if name == "..":
            self._up()
            return rest
        try:
            # O_NOFOLLOW never follows a link: this fails when there is one.
            self._open.append(os.open(name, _OPEN_DIRECTORY, dir_fd=self.fd))
        except NotADirectoryError:
            if not self._is_link(name):
                raise
            return self._expand(name) + rest
        self._names.append(name)
        return rest

    def _up(self) -> None:
        if self._open:
            os.close(self._open.pop())
            self._names.pop()

    def _is_link(self, name: str) -> bool:
        try:
            return stat.S_ISLNK(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode)
        except FileNotFoundError:  # not there is not a link; who needs the name finds out on opening it
            return False

    def _expand(self, name: str) -> list[str]:
        if self._links_left == 0:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        self._links_left -= 1
        target = os.readlink(name, dir_fd=self.fd)
        if target.startswith("/"):
            self.close()
        return parts(target)


def parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


@contextmanager
def walking(root_fd: int) -> Iterator[PathWalk]:
    walk = PathWalk(root_fd)
    try:
        yield walk
    finally:
        walk.close()
