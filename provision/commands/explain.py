"""`provision explain [PATH]`."""

from __future__ import annotations

import argparse
import json
import sys

from msgspec import to_builtins

from provision.errors import ExitCode

HELP = "Say what a field of the config means: its type, default, limits, examples and own fields."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="config path, such as users.ssh_authorized_keys (default: every section)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output (default: text)")


def run(args: argparse.Namespace) -> int:
    from provision.explain import UnknownPath, as_data, explain, render_fields, render_text, sections

    if args.path is None:
        known = sections()
        rows = {"sections": [to_builtins(section) for section in known]}
        sys.stdout.write(render_fields(known) if args.format == "text" else f"{json.dumps(rows, indent=2)}\n")
        return ExitCode.DONE
    try:
        topic = explain(args.path)
    except UnknownPath as unknown:
        print(f"provision explain: {unknown} ({unknown.hint})", file=sys.stderr)
        return ExitCode.USAGE
    text = render_text(topic) if args.format == "text" else f"{json.dumps(as_data(topic), indent=2)}\n"
    sys.stdout.write(text)
    return ExitCode.DONE
