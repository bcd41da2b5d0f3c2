"""A unit that names a misspelt one is told; what the image may have is left alone."""

from __future__ import annotations

import json

import pytest

from tests.unit.provision.checks import codes


def found(line: str) -> list[str]:
    texts = {
        "a.service": f"[Unit]\n{line}\n[Service]\nExecStart=/bin/a\n",
        "proxy.service": "[Service]\nExecStart=/bin/b",
    }
    return codes(json.dumps({"units": [{"name": name, "content": text} for name, text in texts.items()]}))


@pytest.mark.parametrize(
    "line",
    [
        "After=network-onlin.target",
        "Wants=network-online.target my-own.target",
        "Requires=prxy.service",
        "After=proxxy.service",
        "Before=prxoy.service",
        "PartOf=proxi.service",
    ],
)
def test_a_misspelt_unit_is_told(line: str) -> None:
    assert found(line) == ["unit-reference units[0].content"]


@pytest.mark.parametrize(
    "line",
    [
        "After=network-online.target proxy.service",
        "Requires=docker.service",
        "After=proxy2.service",
        "Requires=dev-sda1.device srv.mount",
        "PartOf=%p.target",
        "Description=proxi.service",
        "After=",
    ],
)
def test_a_unit_that_is_or_may_be_there_is_not(line: str) -> None:
    assert found(line) == []
