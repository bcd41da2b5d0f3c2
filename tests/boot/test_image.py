"""The image as a download: small, and exactly what its manifest says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxeserver.images.manifest import read_manifest, verify_image

pytestmark = pytest.mark.boot

LARGEST_BYTES = 130_000_000


def test_the_image_is_small_and_as_its_manifest_says(images: Path) -> None:
    folder = images / "debian-12"
    manifest = read_manifest(folder)

    assert manifest.bytes <= LARGEST_BYTES
    assert verify_image(folder, manifest) == []
