"""`provision convert FILE --to FORMAT`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from provision.errors import ExitCode, ProvisionError
from provision.findings import FileReport, Severity, render_text

if TYPE_CHECKING:
    from provision.findings import Finding

HELP = (
    "Write a config of any format in another one. What the other cannot say is listed on standard error. The result is "
    "a config, with all the secrets of the first: it goes to standard output and nowhere else."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="config file; - reads standard input")
    parser.add_argument("--to", choices=("ignition", "native"), required=True, help="format to write")
    parser.add_argument("--lossy", action="store_true", help="exit 0 also when something was lost")
    parser.add_argument("--fetch", action="store_true", help="also take in included URLs")
    parser.add_argument(
        "--instance-data",
        metavar="FILE",
        help="JSON of what templates ask for, as /run/cloud-init/instance-data.json",
    )


def run(args: argparse.Namespace) -> int:
    from provision.convert.converted import convertible
    from provision.formats.instance import given_instance
    from provision.load import load_bytes, read_config, shown_name
    from provision.resolve import Includes, fetch_config

    try:
        data = read_config(args.file)
        instance = given_instance(args.instance_data)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else str(failure)
        print(f"provision: cannot read {args.file!r} or the instance data: {reason}", file=sys.stderr)
        return ExitCode.USAGE
    resolver = Includes(fetch=fetch_config if args.fetch else None)
    loaded = load_bytes(data, file=shown_name(args.file), resolver=resolver, instance=instance)
    found = convertible(loaded)
    if found.document is None:
        sys.stderr.write(render_text([loaded.report]))
        return ExitCode.INVALID_CONFIG
    lost = found.lost
    if args.to == "native":
        from provision.convert.native_yaml import render as render_native

        text = render_native(found.document, lost, f"{loaded.format}, {shown_name(args.file)}")
    else:
        from provision.convert.ignition_json import render as render_ignition
        from provision.facts import Facts

        try:
            made = render_ignition(found.document, Facts(hostname=found.document.hostname))
        except ProvisionError as failure:  # a variable, for what only the machine knows
            print(f"provision: {failure}", file=sys.stderr)
            return ExitCode.INVALID_CONFIG
        text = made.text
        lost = (*lost, *loaded.found(made.lost))
    sys.stdout.write(text)
    skipped = tuple(finding for finding in loaded.findings if finding.severity is Severity.NOTE)
    return _report(loaded.file, loaded.format, (*lost, *skipped), lossy=args.lossy)


def _report(file: str, kind: str, lost: tuple[Finding, ...], *, lossy: bool) -> int:
    """What was not looked into is lost just as well."""
    if not lost:
        return ExitCode.DONE
    sys.stderr.write(render_text([FileReport(file, kind, lost)]))
    is_lost = any(finding.severity is not Severity.WARNING for finding in lost)
    return ExitCode.INVALID_CONFIG if is_lost and not lossy else ExitCode.DONE
