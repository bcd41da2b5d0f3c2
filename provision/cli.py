"""`provision`: finds the command, runs it, turns what happened into an exit code."""

from __future__ import annotations

import gc
import sys

from provision import __version__

TYPE_CHECKING = False  # what type checkers go by; importing typing would double the time `--version` takes
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import NoReturn, Protocol

    class CommandModule(Protocol):
        HELP: str

        @staticmethod
        def add_arguments(parser: argparse.ArgumentParser) -> None: ...

        @staticmethod
        def run(args: argparse.Namespace) -> int: ...


class Command:
    """A row of `provision --help`; the module is imported only when its command runs."""

    def __init__(self, name: str, module: str, summary: str) -> None:
        self.name = name
        self.module = module
        self.summary = summary

    def load(self) -> CommandModule:
        import importlib

        _import_msgspec()
        # Every module listed in COMMANDS has the shape of CommandModule; a test imports them all.
        module: CommandModule = importlib.import_module(self.module)  # type: ignore[assignment]
        return module


USAGE = 2  # as ExitCode has it, whose module --version does not import
BROKEN_PIPE = 141  # 128 + SIGPIPE, as shells report it
GARBAGE_THRESHOLD = 500_000  # objects

COMMANDS: tuple[Command, ...] = (
    Command("validate", "provision.commands.validate", "say what is wrong with config files, line by line"),
    Command("plan", "provision.commands.plan", "show what apply would change, and change nothing"),
    Command("apply", "provision.commands.apply", "make the machine what the config says"),
    Command("first-boot", "provision.commands.first_boot", "what a machine runs when it first boots"),
    Command(
        "install-service", "provision.commands.install_service", "run provision at every boot of a machine"
    ),
    Command("confirm", "provision.commands.confirm", "keep a change of the network that waits for it"),
    Command("rollback", "provision.commands.rollback", "take a change of the network back that waits"),
    Command("status", "provision.commands.status", "what was asked of this machine, and how it is now"),
    Command("convert", "provision.commands.convert", "write a config of any format in another one"),
    Command("explain", "provision.commands.explain", "say what a field of the config means"),
    Command("schema", "provision.commands.schema", "print the JSON Schema of the config language"),
)


def _import_msgspec() -> None:
    """Without typing_extensions, which jsonschema brings along and msgspec prefers where it is.

    It imports inspect, ast and tokenize: a sixth of the time that validating a small config takes. Since Python 3.11
    typing has all that msgspec asks for.
    """
    if "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment] # import then says it is not installed
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]


def program() -> NoReturn:
    """What the console script runs: `main`, and the end of the process with its exit code.

    Left to itself, Python frees all it has object by object, which takes 20 ms; the kernel takes it back at once.
    """
    import os

    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    except OSError as failure:  # what has to do with the config or the machine never comes here
        print(f"provision: cannot write what there is to say: {failure.strerror}", file=sys.stderr)
        code = USAGE
    if not sys.stderr.closed:
        sys.stderr.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Usage errors leave through argparse with code 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        print(f"provision {__version__}")
        return 0
    command = _command(arguments[0] if arguments else "")
    # What a command makes it needs to its end: looking for garbage after each 700 objects finds none, and takes a tenth
    # of the time of a long config, which makes a quarter of this number.
    gc.set_threshold(GARBAGE_THRESHOLD)
    module = command.load()
    parser = _parser(f"provision {command.name}", module.HELP)
    module.add_arguments(parser)
    return _run(module, parser.parse_args(arguments[1:]))


def _command(name: str) -> Command:
    for command in COMMANDS:
        if command.name == name:
            return command
    chosen = _overview().parse_args([name] if name else []).command  # says what is wrong, or helps, and exits
    return next(command for command in COMMANDS if command.name == chosen)


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    import argparse
    import os

    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (OSError, ValueError):  # no terminal
        columns = 80

    def formatter(prog: str) -> argparse.HelpFormatter:
        # With a width of its own it does without shutil, which brings three compressors along.
        return argparse.HelpFormatter(prog, width=columns - 2)

    return argparse.ArgumentParser(prog=name, description=description, formatter_class=formatter)


def _run(module: CommandModule, args: argparse.Namespace) -> int:
    from provision.errors import ExitCode, ProvisionError, SourceError

    try:
        return module.run(args)
    except ProvisionError as failure:
        print(f"provision: {failure}", file=sys.stderr)
        return ExitCode.NO_SOURCE if isinstance(failure, SourceError) else ExitCode.APPLY_FAILED
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells report it
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `| head` does
        return BROKEN_PIPE


def _overview() -> argparse.ArgumentParser:
    import argparse

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
