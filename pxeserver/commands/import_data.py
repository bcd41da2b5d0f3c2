"""`pxeserver import`: data directories of other boot servers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pxeserver.errors import ExitCode, ServerError
from pxeserver.imports.matchbox import Conversion, convert_directory

HELP = "Converts the data directory of another boot server, and says what could not be carried over."

SOURCES = {"matchbox": convert_directory}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", choices=sorted(SOURCES), help="whose data directory it is")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the data directory")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DATA", help="where ours is written; new or empty"
    )


def run(args: argparse.Namespace) -> int:
    if not args.folder.is_dir():
        raise ServerError(f"{args.folder}: no such directory")
    if args.to.exists() and (not args.to.is_dir() or any(args.to.iterdir())):
        raise ServerError(f"{args.to} is there already; name a new directory")
    conversion = SOURCES[args.source](args.folder)
    for name, text in conversion.files.items():
        path = args.to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    _report(conversion, args.to)
    return ExitCode.INVALID_CONFIG if conversion.problems else ExitCode.DONE


def _report(conversion: Conversion, target: Path) -> None:
    for problem in conversion.problems:
        print(problem, file=sys.stderr)
    print(f"{len(conversion.files)} files written to {target}; left over: {len(conversion.problems)}")
    if conversion.commands:
        print("the images are made with:")
    for command in conversion.commands:
        print(f"  {command}")
    print(f"then: pxeserver check {target}")
