"""`provision`: finds the command, runs it, turns what happened into an exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from provision import __version__
from provision.errors import ExitCode, ProvisionError, SourceError


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `provision --help`; the module is imported only when its command runs."""

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
    Command("validate", "provision.commands.validate", "say what is wrong with config files, line by line"),
    Command("plan", "provision.commands.plan", "show what apply would change, and change nothing"),
    Command("apply", "provision.commands.apply", "make the machine what the config says"),
    Command("first-boot", "provision.commands.first_boot", "what a machine runs when it first boots"),
    Command("confirm", "provision.commands.confirm", "keep a change of the network that waits for it"),
    Command("rollback", "provision.commands.rollback", "take a change of the network back that waits"),
    Command("status", "provision.commands.status", "what happened on this machine, step by step"),
    Command("explain", "provision.commands.explain", "say what a field of the config means"),
    Command("schema", "provision.commands.schema", "print the JSON Schema of the config language"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Usage errors leave through argparse with code 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = _overview().parse_args(arguments[:1])
    command = next(command for command in COMMANDS if command.name == args.command)
    # Every module listed in COMMANDS has the shape of CommandModule; a test imports them all.
    module = cast(CommandModule, importlib.import_module(command.module))
    parser = argparse.ArgumentParser(prog=f"provision {command.name}", description=module.HELP)
    module.add_arguments(parser)
    return _run(module, parser.parse_args(arguments[1:]))


def _run(module: CommandModule, args: argparse.Namespace) -> int:
    try:
        return module.run(args)
    except ProvisionError as failure:
        print(f"provision: {failure}", file=sys.stderr)
        return ExitCode.NO_SOURCE if isinstance(failure, SourceError) else ExitCode.APPLY_FAILED
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells report it
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `| head` does
        return 141  # 128 + SIGPIPE


def _overview() -> argparse.ArgumentParser:
    width = max(len(command.name) for command in COMMANDS)
    rows = "\n".join(f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="provision",
        usage="provision [-h] [--version] COMMAND ...",
        description="Turn this machine into what one YAML file says.",
        epilog=f"commands:\n{rows}\n\n`provision COMMAND --help` tells more about each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"provision {__version__}")
    parser.add_argument(
        "command", choices=[command.name for command in COMMANDS], help=argparse.SUPPRESS, metavar="COMMAND"
    )
    return parser
