"""The loader gives a document or findings for any bytes. `make fuzz` looks for longer than these tests do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.load import load_bytes
from tests.fuzz.loader import CORPUS, examine, spoiled


@pytest.mark.parametrize("place", CORPUS, ids=lambda place: place.stem)
def test_each_file_of_the_corpus_is_answered(place: Path) -> None:
    examine(place.read_bytes())


@given(spoiled())
def test_a_spoiled_file_is_answered(data: bytes) -> None:
    examine(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes) -> None:
    examine(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a: b\n" * 2_000_000, id="lines"),
        pytest.param(b"[" * 10_000_000, id="brackets"),
        pytest.param(b"\0" * 10_000_000, id="NULs"),
        pytest.param(b"hostname: " + b"a" * 10_000_000, id="one text"),
    ],
)
def test_ten_megabytes_are_refused_politely(data: bytes) -> None:
    examine(data)

    assert [finding.code for finding in load_bytes(data, file="config.yaml").findings] == ["too-large"]
