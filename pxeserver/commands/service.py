"""`pxeserver service`: the unit file that runs the server under systemd."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pxeserver.errors import ExitCode
from pxeserver.service.unit import check_visible, service_unit

HELP = """Prints a systemd unit that runs `pxeserver serve` with these arguments as an ordinary user. Write it to
/etc/systemd/system/pxeserver.service; the user is made by:
systemd-sysusers --inline 'u pxeserver - "boot server" /var/lib/pxeserver'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interface", required=True, metavar="IF", help="network interface of the machines")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory")
    parser.add_argument(
        "--program",
        type=Path,
        default=Path(sys.executable).parent / "pxeserver",
        metavar="FILE",
        help="(%(default)s)",
    )
    parser.add_argument("--log-format", choices=("json", "text"), default="text")


def run(args: argparse.Namespace) -> int:
    command = [str(check_visible(args.program)), "serve", "--interface", args.interface]
    command += ["--data", str(check_visible(args.data)), "--log-format", args.log_format]
    print(service_unit(command), end="")
    return ExitCode.DONE
