"""What a config may say depends on the version that it says to be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.provision.formats.loading import codes, load

NEWER = [
    (
        "3.0.0",
        {"storage": {"files": [{"path": "/a", "contents": {"httpHeaders": []}}]}},
        "3.1.0",
        "httpHeaders",
    ),
    ("3.0.0", {"passwd": {"users": [{"name": "a", "shouldExist": False}]}}, "3.2.0", "shouldExist"),
    ("3.1.0", {"passwd": {"groups": [{"name": "a", "shouldExist": True}]}}, "3.2.0", "shouldExist"),
    ("3.1.0", {"storage": {"luks": []}}, "3.2.0", "luks"),
    ("3.2.0", {"kernelArguments": {}}, "3.3.0", "kernelArguments"),
]


@pytest.mark.parametrize(("version", "body", "since", "key"), NEWER)
def test_a_key_newer_than_the_version_is_an_error(
    version: str, body: dict[str, Any], since: str, key: str
) -> None:
    (finding, *_) = load({"ignition": {"version": version}, **body}).findings

    assert (finding.code, finding.message) == ("newer-key", f"version {version} has no {key!r}")
    assert finding.hint == f"write version {since}, or remove it"
    assert load({"ignition": {"version": since}, **body}).valid


def test_bits_of_a_mode_are_those_of_the_version() -> None:
    file = {"path": "/a", "mode": 0o4755}

    old, new = (
        load({"ignition": {"version": version}, "storage": {"files": [file]}})
        for version in ("3.5.0", "3.6.0")
    )

    assert codes(old) == ["mode-special-bits storage.files[0].mode"]
    assert old.document is not None
    assert old.document.files[0].mode == "0755"
    assert new.document is not None
    assert new.document.files[0].mode == "4755"
