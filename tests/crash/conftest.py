"""How many of the points are tried, and a disk that need not turn."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-point", action="store_true", help="try all points, not an even sample of them")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory: the account tools wait for the disk at every file."""
    place = tmp_path / "memory"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def every_point(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--every-point", default=False))
