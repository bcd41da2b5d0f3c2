"""`pxeserver machines`: how far each machine got, from the server's state."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pxeserver.config import DEFAULT_IMAGES, DEFAULT_STATE, read_settings
from pxeserver.errors import ExitCode
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index
from pxeserver.render.boots import foreign_images
from pxeserver.store.sqlite import open_existing
from pxeserver.times import utc_text
from pxeserver.web.table import MachineRow, machine_rows, row_json

HELP = "Lists the machines: the state of their latest boot, the step they reached, and what failed."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="the server's state (%(default)s)"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="data directory: names and groups")
    parser.add_argument(
        "--images",
        type=Path,
        default=DEFAULT_IMAGES,
        metavar="DIR",
        help="images: what will report (%(default)s)",
    )
    parser.add_argument("--format", choices=("json", "text"), default="text")


def run(args: argparse.Namespace) -> int:
    store = open_existing(args.state)
    inventory = read_inventory(args.data).index if args.data else None
    mode = read_settings(args.data)[0].dhcp.mode if args.data else "off"
    foreign = foreign_images(ImageShelf(args.images).images())
    rows = machine_rows(inventory or Index(), store, mode, foreign)
    if args.format == "json":
        print(json.dumps({"machines": [row_json(row) for row in rows]}, indent=2))
    else:
        print("\n".join(_lines(rows)))
    return ExitCode.DONE


def _lines(rows: tuple[MachineRow, ...]) -> list[str]:
    head = ("MACHINE", "MAC", "ADDRESS", "BOOT", "STATE", "REACHED", "LAST EVENT", "FAILURE")
    cells = [head, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]) - 1)]
    return [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cells
    ]


def _cells(row: MachineRow) -> tuple[str, ...]:
    failure = row.failure.event if row.failure else None
    return (
        row.name,
        row.mac,
        row.address or "-",
        str(row.boot.number) if row.boot else "-",
        row.state.value,
        row.sequence[-1] if row.sequence else "-",
        utc_text(row.last.at) if row.last else "-",
        f"{failure.step}: {failure.path or ''} {failure.message}" if failure else "",
    )
