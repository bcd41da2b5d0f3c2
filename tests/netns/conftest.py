"""A fresh lab for every test, with our servers running in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.namespaces import CLIENT_MAC, Lab, Running, lab, running

RESERVED = {CLIENT_MAC: "10.77.0.11"}


@pytest.fixture
def network() -> Iterator[Lab]:
    with lab() as made:
        yield made


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder that TFTP serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def full_server(network: Lab, served: Path, tmp_path: Path) -> Iterator[Running]:
    """Full mode with nothing but a pool."""
    yield from _serving(network, tmp_path, mode="full", reserved={}, root=str(served))


@pytest.fixture
def reserving_server(network: Lab, served: Path, tmp_path: Path) -> Iterator[Running]:
    """Full mode, in which the client has an address and a name of its own."""
    yield from _serving(network, tmp_path, mode="full", reserved=RESERVED, root=str(served))


@pytest.fixture
def proxy_server(network: Lab, served: Path, tmp_path: Path) -> Iterator[Running]:
    yield from _serving(network, tmp_path, mode="proxy", reserved={}, root=str(served))


def _serving(network: Lab, tmp_path: Path, **settings: object) -> Iterator[Running]:
    with running(network.server, "tests.netns.wire_server", tmp_path / "server.json", **settings) as server:
        yield server
