"""`pxeserver check`: what is wrong in a data directory, before any machine boots from it."""

from __future__ import annotations

import argparse
from pathlib import Path

from provision.findings import FileReport, Finding, has_errors, render_github, render_json, render_text
from pxeserver.config import DEFAULT_IMAGES, add_variable_argument, read_settings
from pxeserver.errors import ExitCode
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.render.check import check_images, check_machines, example_surroundings

HELP = "Reads a data directory, renders and validates the config of every machine, and looks for the images."

RENDERERS = {"github": render_github, "json": render_json, "text": render_text}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="data directory")
    parser.add_argument(
        "--images", type=Path, default=DEFAULT_IMAGES, metavar="DIR", help="built images (%(default)s)"
    )
    parser.add_argument("--format", choices=sorted(RENDERERS), default="text")
    add_variable_argument(parser)


def run(args: argparse.Namespace) -> int:
    _, findings = read_settings(args.data)
    inventory = read_inventory(args.data)
    findings += inventory.findings
    index = inventory.index or Index()
    surroundings = example_surroundings(ImageShelf(args.images).images(), dict(args.set))
    findings += check_machines(index, surroundings) + check_images(index, surroundings)
    print(RENDERERS[args.format](_reports(findings)), end="")
    if args.format == "text" and not has_errors(findings):
        print(f"{args.data}: valid (machines: {len(index.machines)}, groups: {len(index.groups)})")
    return ExitCode.INVALID_CONFIG if has_errors(findings) else ExitCode.DONE


def _reports(findings: tuple[Finding, ...]) -> list[FileReport]:
    files = sorted({finding.file for finding in findings})
    return [FileReport(file, "native", tuple(f for f in findings if f.file == file)) for file in files]
