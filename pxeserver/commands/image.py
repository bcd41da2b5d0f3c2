"""`pxeserver image`: build, import, list, verify and remove images."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

HELP = "build, import, list, verify and remove images"
DEFAULT_IMAGES = Path("/var/lib/pxeserver/images")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("build", "build an image, unless one of the same content is there"),
        ("import", "take the files of an image that others publish, from disk or from a URL"),
        ("list", "images, their versions and sizes"),
        ("verify", "compare every file with its manifest"),
        ("remove", "delete an image"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument(
            "--images", type=Path, default=DEFAULT_IMAGES, help="folder of images (%(default)s)"
        )
        if name == "build":
            action.add_argument("name", nargs="?", default="debian-12", help="the image's name (%(default)s)")
            action.add_argument(
                "--kernel",
                choices=("cloud", "generic"),
                default="cloud",
                help="cloud: small, for virtual machines; generic: all drivers, for bare metal (%(default)s)",
            )
            action.add_argument(
                "--mirror", default="http://deb.debian.org", help="Debian mirror (%(default)s)"
            )
        elif name == "import":
            _add_import_arguments(action)
        elif name != "list":
            action.add_argument("name", help="the image's name")


def _add_import_arguments(action: argparse.ArgumentParser) -> None:
    action.add_argument("name", help="the image's name")
    for part, is_required in (("kernel", True), ("initrd", True), ("root", False)):
        action.add_argument(f"--{part}", required=is_required, metavar="FILE|URL", help=f"the {part}")
        action.add_argument(f"--{part}-sha256", metavar="HEX", help="its digest; a URL needs one")
    action.add_argument(
        "--architecture", choices=("amd64", "arm64"), default="amd64", help="whose machine code (%(default)s)"
    )
    action.add_argument(
        "--kernel-arg", action="append", default=[], metavar="ARG", help="what this image always needs"
    )


def run(args: argparse.Namespace) -> int:
    return {"build": _build, "import": _import, "list": _list, "verify": _verify, "remove": _remove}[
        args.action
    ](args)


def _build(args: argparse.Namespace) -> int:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from pxeserver.images.build import BuildError, build_image
    from pxeserver.images.recipe import Recipe

    begun = time.monotonic()
    columns = (TextColumn("{task.description:<42}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    worked = False
    try:
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("looking for the image", total=1.0)

            def progress(doing: str, behind: float) -> None:
                nonlocal worked
                worked = True
                bar.update(task, description=doing, completed=behind)

            manifest = build_image(
                Recipe(name=args.name, kernel=args.kernel, mirror=args.mirror), args.images, progress=progress
            )
    except (BuildError, OSError) as error:
        print(f"pxeserver image build: {error}", file=sys.stderr)
        return 1
    done = f"built in {time.monotonic() - begun:.0f} s" if worked else "up to date"
    print(
        f"{manifest.name} {manifest.version}: {_megabytes(manifest.bytes)}, {done} ({args.images / manifest.name})"
    )
    return 0


def _import(args: argparse.Namespace) -> int:
    from rich.progress import DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    from pxeserver.images.download import DownloadError
    from pxeserver.images.published import ImportProblem, Source, import_image

    given = {part: getattr(args, part) for part in ("kernel", "initrd", "root")}
    sources = [
        Source(part, location, getattr(args, f"{part}_sha256"))
        for part, location in given.items()
        if location
    ]
    try:
        columns = (TextColumn("{task.description:<8}"), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, transient=True) as bar:
            tasks: dict[str, TaskID] = {}

            def progress(part: str, have: int, whole: int | None) -> None:
                if part not in tasks:
                    tasks[part] = bar.add_task(part)
                bar.update(tasks[part], completed=have, total=whole)

            manifest = import_image(
                args.name,
                sources,
                args.images,
                architecture=args.architecture,
                kernel_args=tuple(args.kernel_arg),
                progress=progress,
            )
    except (DownloadError, ImportProblem, OSError) as error:
        print(f"pxeserver image import: {error}", file=sys.stderr)
        return 1
    print(f"{manifest.name} {manifest.version}: {_megabytes(manifest.bytes)} ({args.images / manifest.name})")
    return 0


def _list(args: argparse.Namespace) -> int:
    from pxeserver.images.manifest import ManifestError, list_images

    broken = 0
    for name, manifest in list_images(args.images):
        if isinstance(manifest, ManifestError):
            broken += 1
            print(f"{name:<20} broken: {manifest}")
        else:
            parts = ", ".join(f"{entry.file} {_megabytes(entry.bytes)}" for entry in manifest.files())
            print(f"{name:<20} {manifest.version}  {manifest.architecture}  {parts}")
    return 1 if broken else 0


def _verify(args: argparse.Namespace) -> int:
    from pxeserver.images.manifest import ManifestError, read_manifest, verify_image

    try:
        problems = verify_image(args.images / args.name, read_manifest(args.images / args.name))
    except ManifestError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{args.name}: every file is as its manifest says")
    return 1 if problems else 0


def _remove(args: argparse.Namespace) -> int:
    from pxeserver.images.manifest import MANIFEST_NAME

    folder = args.images / args.name
    if Path(args.name).name != args.name or not (folder / MANIFEST_NAME).is_file():
        print(f"pxeserver image remove: {folder} is no image", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print(f"removed {folder}")
    return 0


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
