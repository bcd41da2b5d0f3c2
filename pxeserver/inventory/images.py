"""The images on disk as they are now: read again when a manifest changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pxeserver.images.manifest import MANIFEST_NAME, Manifest, ManifestError, list_images


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that machines fetch. `part` is its place in the manifest: kernel, initrd or root."""

    path: Path
    name: str
    part: str
    sha256: str
    bytes: int


_Fingerprint = tuple[tuple[str, int, int, int], ...]


class ImageShelf:
    """Answers from memory while no manifest has changed; callable from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._fingerprint: _Fingerprint | None = None
        self._images: Mapping[str, Manifest | ManifestError] = {}
        self._assets: Mapping[str, Asset] = {}

    def images(self) -> Mapping[str, Manifest | ManifestError]:
        self._refresh()
        return self._images

    def asset(self, sha256: str) -> Asset | None:
        self._refresh()
        return self._assets.get(sha256)

    def _refresh(self) -> None:
        with self._lock:
            fingerprint = _fingerprint(self._folder)
            if fingerprint == self._fingerprint:
                return
            self._images = dict(list_images(self._folder))
            self._assets = _assets(self._folder, self._images)
            self._fingerprint = fingerprint


def _fingerprint(folder: Path) -> _Fingerprint:
    """Manifests are replaced by rename, so a change is a new inode."""
    found = []
    for manifest in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
        try:
            status = manifest.stat()
        except FileNotFoundError:  # removed since the directory was listed
            continue
        found.append((str(manifest), status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def _assets(folder: Path, images: Mapping[str, Manifest | ManifestError]) -> dict[str, Asset]:
    assets = {}
    for name, image in images.items():
        if isinstance(image, ManifestError):
            continue
        for part, file in image.parts().items():
            path = folder / name / file.file
            assets[file.sha256] = Asset(path, file.file, part, file.sha256, file.bytes)
    return assets
