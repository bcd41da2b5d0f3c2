"""What users copy must work, and must show the whole language."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.facts import Facts
from provision.load import load_bytes, load_file
from provision.sections import SECTIONS, plan_document

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "examples/configs").glob("*.yaml"))
FACTS = Facts(hostname="node1", machine="52:54:00:12:34:56", ipv4="10.77.0.11", machine_id="0" * 32)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_an_example_config_has_no_finding_and_can_be_planned(path: Path) -> None:
    loaded = load_file(path)

    assert loaded.findings == ()
    assert loaded.document is not None
    assert plan_document(loaded.document, FACTS)


def test_the_complete_example_has_every_section() -> None:
    complete = next(path for path in CONFIGS if path.name == "complete.yaml")
    document = load_bytes(complete.read_bytes(), file="complete.yaml").document

    assert [section.name for section in SECTIONS if not getattr(document, section.name)] == []
