"""An image on disk: a folder with a kernel, an initrd, maybe a root file system, and a manifest of their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

MANIFEST_NAME = "manifest.json"
PARTS = ("kernel", "initrd", "root")


class ManifestError(Exception):
    """The manifest is missing, unreadable, or does not say what it must. The text names the file."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`version` identifies the content: two builds of the same recipe have the same one. `has_agent`: the initrd is
    ours, and reads `provision.*` from the kernel command line."""

    name: str
    version: str
    architecture: str
    kernel_args: tuple[str, ...]
    kernel: ImageFile
    initrd: ImageFile
    root: ImageFile | None = None
    has_agent: bool = field(default=True, kw_only=True)

    def parts(self) -> dict[str, ImageFile]:
        """The files by what they are, as far as there are any."""
        files = {"kernel": self.kernel, "initrd": self.initrd, "root": self.root}
        return {part: file for part, file in files.items() if file is not None}

    def files(self) -> tuple[ImageFile, ...]:
        return tuple(self.parts().values())

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.files())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the image in `folder`; ManifestError says what is wrong with it."""
    path = folder / MANIFEST_NAME
    try:
        data = json.loads(path.read_bytes())
        files = {part: ImageFile(**file) for part, file in data["files"].items()}
        return Manifest(
            name=data["name"],
            version=data["version"],
            architecture=data["architecture"],
            kernel_args=tuple(data["kernel_args"]),
            has_agent=data.get("has_agent", True),
            **files,
        )
    except FileNotFoundError:
        raise ManifestError(
            f"{path}: no such image; build one with: pxeserver image build {folder.name}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: not an image manifest: {error!r}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest last and by rename: a folder with a manifest is a whole image."""
    fields = asdict(manifest)
    files = {part: file for part in PARTS if (file := fields.pop(part)) is not None}
    text = json.dumps({**fields, "files": files}, indent=2) + "\n"
    temporary = folder / f".{MANIFEST_NAME}.new"
    temporary.write_text(text)
    temporary.rename(folder / MANIFEST_NAME)


def put_in_place(built: Path, folder: Path) -> None:
    """The old image stays until the new one is whole; a server that has it open keeps reading the old bytes."""
    built.chmod(0o755)
    if folder.exists():
        folder.rename(built.with_name("old"))
    built.rename(folder)


def list_images(images: Path) -> Iterator[tuple[str, Manifest | ManifestError]]:
    """Every image folder below `images` with its manifest, or with what is wrong with it."""
    if not images.is_dir():
        return
    for folder in sorted(entry for entry in images.iterdir() if entry.is_dir()):
        if folder.name.startswith("."):  # builds under way and the package cache
            continue
        try:
            yield folder.name, read_manifest(folder)
        except ManifestError as error:
            yield folder.name, error


def describe_file(path: Path) -> ImageFile:
    """Size and digest of one file, as the manifest records them."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ImageFile(file=path.name, sha256=digest, bytes=path.stat().st_size)


def verify_image(folder: Path, manifest: Manifest) -> list[str]:
    """What differs between the files on disk and their manifest: one sentence each, none when all is well."""
    problems = []
    for entry in manifest.files():
        path = folder / entry.file
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif (found := describe_file(path)) != entry:
            problems.append(
                f"{path}: has {found.bytes} bytes, sha256 {found.sha256}; "
                f"the manifest says {entry.bytes} bytes, sha256 {entry.sha256}"
            )
    return problems
