"""Images that others publish: their kernel, initrd and root file, taken onto the shelf as they are."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pxeserver.images.download import download
from pxeserver.images.manifest import (
    MANIFEST_NAME,
    PARTS,
    ImageFile,
    Manifest,
    ManifestError,
    describe_file,
    put_in_place,
    read_manifest,
    write_manifest,
)

SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Progress = Callable[[str, int, int | None], None]
"""Called with the part, the bytes of it there are, and how many there will be, if that is known."""


class ImportProblem(Exception):
    """The files cannot become an image; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """`location` is a path or an http(s) URL, `part` kernel, initrd or root."""

    part: str
    location: str
    sha256: str | None = None

    @property
    def is_remote(self) -> bool:
        return self.location.startswith(("http://", "https://"))

    @property
    def file_name(self) -> str:
        """The published name where it can stand in a URL, else the part's."""
        path = unquote(urlsplit(self.location).path) if self.is_remote else self.location
        name = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(path).name).lstrip("._-")
        return name or self.part


def import_image(
    name: str,
    sources: Sequence[Source],
    images: Path,
    *,
    architecture: str,
    kernel_args: tuple[str, ...],
    progress: Progress,
) -> Manifest:
    """The image below `images`; it replaces one of the same name when it is whole."""
    _check(name, sources)
    work = images / ".imports" / name / "image"
    work.mkdir(parents=True, exist_ok=True)
    files: dict[str, ImageFile] = {}
    for source in sources:
        known = _on_shelf(images / name, source)
        target = work / _target_name(source, sources)
        if known is not None:
            shutil.copyfile(known, target)
        else:
            _get(source, target, progress)
        files[source.part] = describe_file(target)
    digests = "".join(files[part].sha256 for part in PARTS if part in files)
    manifest = Manifest(
        name=name,
        version=hashlib.sha256(digests.encode()).hexdigest()[:12],
        architecture=architecture,
        kernel_args=kernel_args,
        has_agent=False,
        **files,
    )
    write_manifest(work, manifest)
    wanted = {file.file for file in manifest.files()}
    for path in work.iterdir():
        if path.name not in wanted and path.name != MANIFEST_NAME:
            path.unlink()  # of an earlier attempt with other files
    shutil.rmtree(work.with_name("old"), ignore_errors=True)
    put_in_place(work, images / name)
    shutil.rmtree(work.parent)
    return manifest


def _check(name: str, sources: Sequence[Source]) -> None:
    if not _NAME.fullmatch(name):
        raise ImportProblem(f"{name!r} cannot name an image; letters, digits, '.', '_' and '-'")
    for source in sources:
        if source.sha256 is not None and not SHA256.fullmatch(source.sha256):
            raise ImportProblem(f"{source.part}: {source.sha256!r} is no sha256 in hex")
        if source.is_remote and source.sha256 is None:
            raise ImportProblem(
                f"{source.part}: a URL needs the digest that its publisher gives: --{source.part}-sha256 HEX"
            )


def _target_name(source: Source, sources: Sequence[Source]) -> str:
    is_unique = [other.file_name for other in sources].count(source.file_name) == 1
    return source.file_name if is_unique else f"{source.part}-{source.file_name}"


def _get(source: Source, target: Path, progress: Progress) -> None:
    if source.is_remote:
        assert source.sha256 is not None  # _check
        download(
            source.location,
            target,
            source.sha256,
            progress=lambda have, whole: progress(source.part, have, whole),
        )
        return
    try:
        shutil.copyfile(source.location, target)
    except OSError as problem:
        raise ImportProblem(f"{source.part}: {source.location}: {problem.strerror}") from problem
    found = describe_file(target).sha256
    if source.sha256 is not None and found != source.sha256:
        raise ImportProblem(f"{source.part}: {source.location}: sha256 is {found}, not {source.sha256}")


def _on_shelf(folder: Path, source: Source) -> Path | None:
    """The same file in the present image of this name: it need not be downloaded again."""
    try:
        manifest = read_manifest(folder)
    except ManifestError:  # none yet
        return None
    file = manifest.parts().get(source.part)
    if file is None or not source.is_remote or file.sha256 != source.sha256:
        return None
    path = folder / file.file
    return path if path.is_file() and describe_file(path) == file else None
