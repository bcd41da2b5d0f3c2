"""`pxeserver render`: what one machine would get."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from provision.formats.shown import without_secrets
from pxeserver.boot.loaders.ipxe import ScriptError, machine_script
from pxeserver.config import DEFAULT_IMAGES, add_variable_argument
from pxeserver.errors import ExitCode, ServerError
from pxeserver.inventory.files import read_inventory
from pxeserver.inventory.images import ImageShelf
from pxeserver.inventory.model import Index, Labels, normal_mac
from pxeserver.inventory.select import Selection, select
from pxeserver.inventory.watch import findings_text
from pxeserver.render.boots import (
    EXAMPLE_TOKEN,
    NotReady,
    Surroundings,
    boot_target,
    config_for,
    prepare_boot,
)
from pxeserver.render.check import example_surroundings, machine_labels
from pxeserver.render.foreign import ConfigFormat, format_of
from pxeserver.render.secret_names import without_secrets_by_name

HELP = "Prints the boot script and the config of one machine; tokens in it are examples, secrets are hidden."

PARTS = ("both", "config", "script")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mac", metavar="MAC", help="MAC address, or the name of a machine's file")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory")
    parser.add_argument(
        "--images", type=Path, default=DEFAULT_IMAGES, metavar="DIR", help="built images (%(default)s)"
    )
    parser.add_argument("--part", choices=PARTS, default="both", help="what to print (%(default)s)")
    parser.add_argument("--show-secrets", action="store_true", help="print secrets of the config, too")
    add_variable_argument(parser)


def run(args: argparse.Namespace) -> int:
    inventory = read_inventory(args.data)
    if inventory.index is None:
        print(findings_text(inventory.findings), file=sys.stderr, end="")
        return ExitCode.INVALID_CONFIG
    index = inventory.index
    labels = _labels(index, args.mac)
    surroundings = example_surroundings(ImageShelf(args.images).images(), dict(args.set))
    parts = PARTS[1:] if args.part == "both" else (args.part,)
    show: dict[str, Callable[[Index, Labels, Surroundings], int]] = {
        "config": partial(_show_config, show_secrets=args.show_secrets),
        "script": _show_script,
    }
    codes = [show[part](index, labels, surroundings) for part in reversed(parts)]
    return max(codes)


def _labels(index: Index, text: str) -> Labels:
    machine = index.machines.get(text)
    mac = normal_mac(text)
    if machine is None and mac is None:
        raise ServerError(f"{text!r} is neither a MAC address nor a machine in machines/")
    machine = machine or index.by_mac.get(mac or "")
    return machine_labels(machine) if machine else Labels(mac or "")


def _show_script(index: Index, labels: Labels, surroundings: Surroundings) -> int:
    prepared = prepare_boot(index, labels, surroundings)
    if isinstance(prepared, NotReady):
        print("no boot script: " + "\n".join(prepared.screen_lines), file=sys.stderr)
        return ExitCode.INVALID_CONFIG
    urls = surroundings.urls
    try:
        script = machine_script(boot_target(prepared, labels, urls, EXAMPLE_TOKEN), server_url=urls.control)
    except ScriptError as problem:
        print(f"no boot script: {problem}", file=sys.stderr)
        return ExitCode.INVALID_CONFIG
    print(script, end="")
    return ExitCode.DONE


def _show_config(index: Index, labels: Labels, surroundings: Surroundings, *, show_secrets: bool) -> int:
    selection = select(index, labels)
    if not isinstance(selection, Selection):
        print(f"no config: {selection.reason}", file=sys.stderr)
        return ExitCode.INVALID_CONFIG
    config = config_for(index, selection, labels, surroundings)
    text = config.text or ""
    print(text if show_secrets else _without_secrets(text), end="")
    print(findings_text(config.findings), file=sys.stderr, end="")
    return ExitCode.DONE if config.is_valid else ExitCode.INVALID_CONFIG


def _without_secrets(text: str) -> str:
    if format_of(text) is ConfigFormat.NATIVE:
        return without_secrets(text)
    return "\n".join([*without_secrets_by_name(text), ""])
