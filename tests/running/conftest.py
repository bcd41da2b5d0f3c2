"""One running system for a file of tests: each applies a config of its own, which takes away what came before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running.container import Container


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    container = Container(tmp_path_factory.mktemp("system"))
    container.start()
    yield container
    container.stop()
