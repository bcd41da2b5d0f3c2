"""A folder is a test: its config, in whatever format, gives exactly the output in expected.txt.

A new case: write config.yaml (or .ign, ...), then in its folder `provision validate --verify-units no config.* >
expected.txt`, and read it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.findings import render_text
from provision.load import load_bytes
from provision.resolve import Includes

CASES = sorted(Path(__file__).parent.glob("*/config.*"))


@pytest.mark.parametrize("config", CASES, ids=lambda config: config.parent.name)
def test_the_findings_read_as_written_down(config: Path) -> None:
    resolver = Includes(directory=str(config.parent))

    loaded = load_bytes(config.read_bytes(), file=config.name, resolver=resolver)

    assert render_text([loaded.report]) == (config.parent / "expected.txt").read_text()
