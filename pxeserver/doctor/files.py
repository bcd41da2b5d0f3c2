"""Whether what machines fetch is there, and whether there is room to write down what they report."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from provision.findings import Finding, has_errors
from pxeserver.boot.architectures import ARCHITECTURES
from pxeserver.doctor.diagnosis import Diagnosis, failed, ok, warning
from pxeserver.images.manifest import ManifestError, list_images, verify_image

# Events of a boot take some 10 KiB: this is room for thousands. SQLite needs some more while it writes.
LEAST_STATE_BYTES = 64 * 1024 * 1024


def is_readable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def unreadable(folder: Path) -> Diagnosis:
    todo = "name it rightly, or give it to the server's user: chmod -R o+rX"
    return failed("data", f"{folder} is not there, or this user may not read it", todo)


def check_data(data: Path, findings: tuple[Finding, ...], machine_count: int) -> Diagnosis:
    if has_errors(findings):
        first = next(finding for finding in findings if finding.severity == "error")
        what = f"{first.file}:{first.line}:{first.column}: {first.message}"
        return failed("data", what, f"see all of them with: pxeserver check {data}")
    return ok("data", f"{data} is valid, machines: {machine_count}")


def check_loaders(found: Mapping[str, object], wanted: str, folder: Path) -> Iterator[Diagnosis]:
    """One row for each loader: those of architectures that nobody here has may be missing."""
    machines_of: dict[str, list[str]] = {}
    for architecture in ARCHITECTURES:
        machines_of.setdefault(architecture.loader(wanted), []).append(architecture.name)
    for name, names in machines_of.items():
        if name in found:
            continue
        what = f"no boot loader {name}: these machines do not boot: {', '.join(names)}"
        if found:
            yield warning("loaders", what, f"put it into {folder}, if there are such machines")
        else:
            yield failed("loaders", what, f"apt-get install ipxe, or put it into {folder}")
    if found:
        yield ok("loaders", ", ".join(found))


def check_images(folder: Path) -> Iterator[Diagnosis]:
    """Every image, byte for byte against its manifest."""
    images = dict(list_images(folder))
    if not images:
        yield failed("images", f"{folder} has no image", "pxeserver image build --kernel generic")
    for name, image in images.items():
        todo = f"pxeserver image remove {name}, then build it again"
        if isinstance(image, ManifestError):
            yield failed("images", str(image), todo)
            continue
        problems = verify_image(folder / name, image)
        yield from (failed("images", problem, todo) for problem in problems)
        if not problems:
            yield ok("images", f"{name} {image.version}: every file is as its manifest says")


def check_state(folder: Path) -> Iterator[Diagnosis]:
    """Whether events and leases can be written, by trying."""
    existing = folder.absolute()
    try:
        while not existing.is_dir():
            existing = existing.parent
        if existing == folder.absolute():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as written:
                written.write(b"x")
                written.flush()
        elif not os.access(existing, os.W_OK):
            raise PermissionError(f"{existing} is not writable")
    except OSError as problem:
        todo = f"give it to the server's user: chown pxeserver: {folder}"
        yield failed("state", f"{folder} cannot be written: {problem.strerror or problem}", todo)
        return
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < LEAST_STATE_BYTES:
        what = f"{folder} has {free_bytes / 1e6:.0f} MB left, {LEAST_STATE_BYTES / 1e6:.0f} MB are needed"
        yield failed("disk", what, "make room, or name another directory with --state")
    else:
        yield ok("state", f"{folder} can be written, {free_bytes / 1e9:.1f} GB left")
