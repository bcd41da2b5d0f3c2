"""Mounts a drive for reading, and nothing else: what is on it runs nothing and opens no device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provision.errors import ProvisionError, SourceError
from provision.execute.command import Programs, failure

OPTIONS = "ro,nodev,nosuid,noexec"


@contextmanager
def mounted(device: str, type: str, *, programs: Programs, state: Path) -> Iterator[Path]:
    """The drive's files. The type is the one that was seen: the kernel does not try all that it knows."""
    place = state / f"drive-{Path(device).name}"
    place.mkdir(parents=True)
    arguments = ["mount", "-t", type, "-o", OPTIONS, device, str(place)]
    try:
        _run(programs, arguments)
        try:
            yield place
        finally:
            _run(programs, ["umount", str(place)])
    finally:
        place.rmdir()


def _run(programs: Programs, arguments: list[str]) -> None:
    try:
        done = programs(arguments)
    except ProvisionError as error:
        raise SourceError(error.message, hint=error.hint) from error
    if done.exit_code != 0:
        raise SourceError(failure(arguments, done).message, hint="is the drive damaged?")
