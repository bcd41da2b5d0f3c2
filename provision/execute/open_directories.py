"""Directories below a root that were found already, held open."""

from __future__ import annotations

import errno
import os

from provision.execute.path_walk import parts, walking

MOST_OPEN = 16  # a step has to do with three directories at most; a plan's files lie beside each other


class OpenDirectories:
    """Walking from the root anew for each of a thousand files in one directory takes longer than writing them.

    A directory held open is the one that was found, whatever happens to its name: to write into it never leads out
    of the root. Who changes what names mean (a directory or link comes, goes or moves) calls `forget`.
    """

    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._fds: dict[str, int] = {}
        self._missing: set[str] = set()

    def parent(self, path: str) -> tuple[int, str]:
        """An fd of the directory that holds the entry `path`, and its name there.

        The fd is good until sixteen other directories were asked for. FileNotFoundError and NotADirectoryError as
        the kernel gives them.
        """
        directory, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            directory, name = _without_name(path)
        fd = self._fds.get(directory)
        return (self._find(directory) if fd is None else fd), name

    def lacks(self, path: str) -> bool:
        """Whether the directory that holds `path` was looked for already, and was not there."""
        return path.rpartition("/")[0] in self._missing

    def knows(self, directory: str) -> bool:
        return directory in self._fds

    def forget(self) -> None:
        self._missing.clear()
        while self._fds:
            os.close(self._fds.popitem()[1])

    def _find(self, directory: str) -> int:
        if directory in self._missing:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), directory)
        try:
            with walking(self._root_fd) as walk:
                walk.descend(directory)
                fd = self._fds[directory] = os.dup(walk.fd)
        except FileNotFoundError:
            self._missing.add(directory)
            raise
        if len(self._fds) > MOST_OPEN:
            os.close(self._fds.pop(next(iter(self._fds))))
        return fd


def _without_name(path: str) -> tuple[str, str]:
    """For what ends in a slash or dots. What ends in `..`, or is the root itself, has no name where it is."""
    names = parts(path)
    if not names or names[-1] == "..":
        return path, "."
    return "/" + "/".join(names[:-1]), names[-1]
