"""`pxeserver serve`: boots the machines of a network until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from provision.findings import Finding
from pxeserver.config import (
    DEFAULT_IMAGES,
    DEFAULT_STATE,
    SETTINGS_NAME,
    ServeOptions,
    ServerSettings,
    add_variable_argument,
    read_settings,
)
from pxeserver.errors import ExitCode, ServerError
from pxeserver.inventory.watch import findings_text
from pxeserver.logs import FORMATS, set_up_logging

HELP = "Answers DHCP, TFTP and HTTP on network interfaces, and boots the machines of a data directory."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    interface_help = "network interface of the machines; several: once for each"
    parser.add_argument("--interface", action="append", default=[], metavar="IF", help=interface_help)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="data directory")
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="events, leases (%(default)s)"
    )
    parser.add_argument(
        "--images", type=Path, default=DEFAULT_IMAGES, metavar="DIR", help="built images (%(default)s)"
    )
    parser.add_argument("--http-port", type=int, metavar="PORT", help="for scripts, configs and the page")
    parser.add_argument("--assets-port", type=int, metavar="PORT", help="for kernels and images")
    parser.add_argument("--assets-url", metavar="URL", help="where machines fetch images instead")
    parser.add_argument("--log-format", choices=FORMATS, default="text")
    add_variable_argument(parser)


def run(args: argparse.Namespace) -> int:
    settings, findings = read_settings(args.data)
    if findings:
        print(findings_text(findings), file=sys.stderr, end="")
        return ExitCode.INVALID_CONFIG
    options = ServeOptions(
        interfaces=tuple(args.interface) or settings.interfaces,
        data=args.data,
        state=args.state,
        images=args.images,
        log_format=args.log_format,
        given=dict(args.set),
    )
    if not options.interfaces:
        raise ServerError(f"no network interface; name one with --interface, or in {SETTINGS_NAME}")
    set_up_logging(options.log_format)
    return _serve(options, _with_flags(settings, args), args)


def _with_flags(settings: ServerSettings, args: argparse.Namespace) -> ServerSettings:
    """The command line wins over the file."""
    return replace(
        settings,
        http_port=args.http_port or settings.http_port,
        assets_port=args.assets_port or settings.assets_port,
        assets_url=args.assets_url or settings.assets_url,
    )


def _serve(options: ServeOptions, settings: ServerSettings, args: argparse.Namespace) -> int:
    # Imported late: Flask and the rest take a third of a second that a typing error need not wait for.
    from pxeserver.server import serve

    def read() -> tuple[ServerSettings, tuple[Finding, ...]]:
        again, findings = read_settings(args.data)
        return _with_flags(again, args), findings

    asyncio.run(serve(options, settings, read))
    return ExitCode.DONE
