"""A folder is a test: config.yaml gives exactly the output in expected.txt.

A new case: write config.yaml, then in its folder `provision validate config.yaml > expected.txt`, and read it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.findings import render_text
from provision.load import load_bytes
from provision.resolve import Includes

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/config.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_findings_read_as_written_down(case: Path) -> None:
    data = (case / "config.yaml").read_bytes()

    loaded = load_bytes(data, file="config.yaml", resolver=Includes(directory=str(case)))

    assert render_text([loaded.report]) == (case / "expected.txt").read_text()
