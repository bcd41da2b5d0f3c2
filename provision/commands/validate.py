"""`provision validate FILE...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from provision.errors import ExitCode
from provision.findings import FileReport, render_github, render_json, render_text

if TYPE_CHECKING:
    from provision.formats.parts import Instance
    from provision.load import Loaded

HELP = "Say what is wrong with config files: which file, which line, and what to write instead."

# As in provision/platforms/limits.py, which only a large config needs.
PLATFORMS = ("azure", "digitalocean", "ec2", "gce", "hetzner", "openstack")
UNLIMITED_BYTES = 16 * 1024
MAX_VERIFIED_FILES = 16

RENDERERS: Mapping[str, Callable[[Sequence[FileReport]], str]] = {
    "github": render_github,
    "json": render_json,
    "text": render_text,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="config file; - reads standard input")
    parser.add_argument("--format", choices=sorted(RENDERERS), default="text", help="default: text")
    parser.add_argument(
        "--instance-data",
        metavar="FILE",
        help="JSON of what templates ask for; without it they are not looked into",
    )
    parser.add_argument("--fetch", action="store_true", help="also look into included URLs")
    parser.add_argument(
        "--platform",
        choices=PLATFORMS,
        help="refuse a config that is larger than this platform hands out as user data",
    )
    parser.add_argument(
        "--verify-units",
        choices=("auto", "yes", "no"),
        default="auto",
        help="also ask systemd-analyze, where it is installed, about units; "
        f"auto: when at most {MAX_VERIFIED_FILES} files are given (default: auto)",
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 for warnings too")


def run(args: argparse.Namespace) -> int:
    from provision.load import load_bytes, read_config, shown_name
    from provision.resolve import Includes, fetch_config

    try:
        instance = _instance(args.instance_data)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else str(failure)
        print(f"provision: cannot read {args.instance_data!r}: {reason}", file=sys.stderr)
        return ExitCode.USAGE
    resolver = Includes(fetch=fetch_config if args.fetch else None)
    verifies = _verifies(args.verify_units, len(args.files))
    reports = []
    unreadable = False
    for file in args.files:
        try:
            data = read_config(file)
        except OSError as failure:
            print(f"provision: cannot read {file!r}: {failure.strerror}", file=sys.stderr)
            unreadable = True
            continue
        loaded = load_bytes(data, file=shown_name(file), resolver=resolver, instance=instance)
        if verifies:
            loaded = _with_units(loaded)
        reports.append(_sized(loaded.report, len(data), args.platform))
    sys.stdout.write(RENDERERS[args.format](reports))
    return ExitCode.USAGE if unreadable else _exit_code(reports, strict=args.strict)


def _instance(file: str | None) -> Callable[[], Instance] | None:
    if file is None:  # most have no templates, and load nothing for them
        return None
    from provision.formats.instance import given_instance

    return given_instance(file)


def _verifies(wish: str, files: int) -> bool:
    """A start of `systemd-analyze` for each of very many files takes longer than all the rest."""
    return wish == "yes" or (wish == "auto" and files <= MAX_VERIFIED_FILES)


def _sized(report: FileReport, size_bytes: int, platform: str | None) -> FileReport:
    if size_bytes <= UNLIMITED_BYTES:
        return report
    from provision.platforms.limits import size_findings

    found = tuple(size_findings(size_bytes, report.file, platform))
    return structs.replace(report, findings=report.findings + found)


def _with_units(loaded: Loaded) -> Loaded:
    """With what systemd itself says about the units, where it is installed."""
    if loaded.document is None or not loaded.document.units:
        return loaded
    from provision.execute.verify_units import verify_units

    said = verify_units(loaded.document)
    return loaded.with_problems(said) if said else loaded


def _exit_code(reports: Sequence[FileReport], *, strict: bool) -> int:
    refused = any(not report.valid or (strict and report.warnings) for report in reports)
    return ExitCode.INVALID_CONFIG if refused else ExitCode.DONE
