"""`pxeserver`: finds the command, runs it, turns what happened into an exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from pxeserver.errors import ExitCode, ServerError


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `pxeserver --help`; the module is imported only when its command runs."""

    name: str
    module: str
    summary: str


class CommandModule(Protocol):
    HELP: str

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None: ...

    @staticmethod
    def run(args: argparse.Namespace) -> int: ...


COMMANDS: tuple[Command, ...] = (
    Command("serve", "pxeserver.commands.serve", "boot the machines of a network"),
    Command("check", "pxeserver.commands.check", "say what is wrong in a data directory, line by line"),
    Command(
        "explain", "pxeserver.commands.explain", "say why a machine boots what it boots, or why it does not"
    ),
    Command("doctor", "pxeserver.commands.doctor", "look for what would keep machines from booting"),
    Command("render", "pxeserver.commands.render", "show the boot script and the config of one machine"),
    Command("machines", "pxeserver.commands.machines", "list the machines and how far they got"),
    Command("events", "pxeserver.commands.events", "list what happened, or follow what happens"),
    Command("service", "pxeserver.commands.service", "print the systemd unit that runs the server"),
    Command("image", "pxeserver.commands.image", "build, list, verify and remove images"),
    Command("import", "pxeserver.commands.import_data", "convert the data directory of another boot server"),
    Command(
        "schema", "pxeserver.commands.schema", "print the JSON Schema of a kind of file in a data directory"
    ),
    Command("lab", "pxeserver.commands.lab", "a private network of virtual machines to try things in"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Usage errors leave through argparse with code 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = _overview().parse_args(arguments[:1])
    command = next(command for command in COMMANDS if command.name == args.command)
    # Every module listed in COMMANDS has the shape of CommandModule; a test imports them all.
    module = cast(CommandModule, importlib.import_module(command.module))
    parser = argparse.ArgumentParser(prog=f"pxeserver {command.name}", description=module.HELP)
    module.add_arguments(parser)
    return _run(module, parser.parse_args(arguments[1:]))


def _run(module: CommandModule, args: argparse.Namespace) -> int:
    try:
        return module.run(args)
    except ServerError as failure:
        print(f"pxeserver: {failure}", file=sys.stderr)
        return ExitCode.USAGE
    except BrokenPipeError:  # the reader of our output has enough, as `head` does
        sys.stderr.close()
        return ExitCode.DONE
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells report it


def _overview() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pxeserver", description="Boots bare machines from the network into the cluster you wrote down."
    )
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        choices.add_parser(command.name, help=command.summary, add_help=False)
    return parser
