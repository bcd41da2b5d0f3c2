"""`provision validate FILE...`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from provision.errors import ExitCode
from provision.findings import FileReport, render_github, render_json, render_text

HELP = "Say what is wrong with config files: which file, which line, and what to write instead."

RENDERERS: Mapping[str, Callable[[Sequence[FileReport]], str]] = {
    "github": render_github,
    "json": render_json,
    "text": render_text,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="config file; - reads standard input")
    parser.add_argument("--format", choices=sorted(RENDERERS), default="text", help="default: text")
    parser.add_argument("--fetch", action="store_true", help="also look into included URLs")
    parser.add_argument("--strict", action="store_true", help="exit 1 for warnings too")


def run(args: argparse.Namespace) -> int:
    from provision.load import load_bytes
    from provision.resolve import Includes, fetch_config

    resolver = Includes(fetch=fetch_config if args.fetch else None)
    reports = []
    unreadable = False
    for file in args.files:
        try:
            data = _read(file)
        except OSError as failure:
            print(f"provision: cannot read {file!r}: {failure.strerror}", file=sys.stderr)
            unreadable = True
            continue
        reports.append(load_bytes(data, file=_shown(file), resolver=resolver).report)
    sys.stdout.write(RENDERERS[args.format](reports))
    return ExitCode.USAGE if unreadable else _exit_code(reports, strict=args.strict)


def _read(file: str) -> bytes:
    """At most one byte more than a config may have: enough to refuse it, also from an endless device."""
    from provision.formats.source import MAX_CONFIG_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MAX_CONFIG_BYTES + 1)
    with open(file, "rb") as stream:  # noqa: PTH123 - importing pathlib takes longer than the check
        return stream.read(MAX_CONFIG_BYTES + 1)


def _shown(file: str) -> str:
    """The name as text that can be printed: Python keeps bytes that are not UTF-8 as lone surrogates."""
    return "<stdin>" if file == "-" else os.fsencode(file).decode("utf-8", "replace")


def _exit_code(reports: Sequence[FileReport], *, strict: bool) -> int:
    refused = any(not report.valid or (strict and report.warnings) for report in reports)
    return ExitCode.INVALID_CONFIG if refused else ExitCode.DONE
