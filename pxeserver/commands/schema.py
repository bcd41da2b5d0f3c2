"""`pxeserver schema`: the JSON Schema of the files in a data directory."""

from __future__ import annotations

import argparse
import json

from pxeserver.errors import ExitCode
from pxeserver.inventory.shapes import FILES, file_schema

HELP = "Prints the JSON Schema of a kind of file in a data directory, for editors and other programs."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=sorted(FILES), help="kind of file")


def run(args: argparse.Namespace) -> int:
    print(json.dumps(file_schema(args.kind), indent=2))
    return ExitCode.DONE
