"""`provision schema`."""

from __future__ import annotations

import argparse
import json

from provision.errors import ExitCode

HELP = "Print the JSON Schema of the config language, for editors and other programs."


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """There are none: the language has one version."""


def run(_args: argparse.Namespace) -> int:
    from provision.schema import document_schema

    print(json.dumps(document_schema(), indent=2))
    return ExitCode.DONE
