"""`provision install-service`: a machine that boots by itself runs the agent at every boot, under systemd."""

from __future__ import annotations

import argparse
from pathlib import Path

from provision.errors import ExitCode
from provision.services import ENABLED, install

HELP = "make a machine run provision when it boots: units of systemd, enabled"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path("/"),
        help="root directory of the machine, which need not run (default: /)",
    )


def run(args: argparse.Namespace) -> int:
    for path in install(args.root):
        print(path)
    print(f"{', '.join(ENABLED)} run at the next boot")
    return ExitCode.DONE
