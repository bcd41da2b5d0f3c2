"""Part of a test as a user who may read what everybody may, and nothing else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Effective ids are what access to files is judged by; the real ones stay, to come back."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that everybody can reach, which pytest's own are not."""
    place = Path(tempfile.mkdtemp(prefix="provision-test-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)
