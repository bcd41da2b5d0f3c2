"""Section `commands`: what no other section can say, run as a unit of its own until it is done.

On its first boot a machine is made before systemd runs: there is no network, no /proc of its own and no service
yet that a command could rely on. So a command is a oneshot service: it starts with the others, has their
deadline, its output is in the journal, and its exit code is the unit's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from provision.actions import EnableUnit, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.claims import Claim
from provision.sections.places import check_path
from provision.sections.unit_words import command_line, quoted
from provision.variables import has_variable

UNIT_DIRECTORY = "/etc/systemd/system"
SCRIPT_DIRECTORY = "/var/lib/provision/scripts"
STAMP_DIRECTORY = "/var/lib/provision/commands"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
# systemd.service(5): an absolute path, or a name looked for in fixed folders; @ - : + ! in front mean something,
# $ and spaces are for systemd what they are for a shell.
PROGRAM = re.compile(r"/[A-Za-z0-9_.,+:@~/-]+|[A-Za-z0-9_.][A-Za-z0-9_.+-]*")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# ExecCondition= goes on at 0, skips at 1 to 254, fails at 255: the opposite of "done when `unless` succeeds".
# 126 and 127 are the shell's own: the program could not be run, so nobody knows whether all is done.
UNLESS = '"$@"; case $? in 0) exit 1;; 126|127) exit 255;; *) exit 0;; esac'


class Command(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One command or script, with a condition that says when it is done. They run in the config's order.

    One that fails is a failed unit; those after it run all the same.
    """

    name: Annotated[
        str, Meta(description="Its unit is provision-command-NAME.service.", examples=["install-cni"])
    ]
    command: Annotated[
        tuple[str, ...] | None,
        Meta(
            description="Program and arguments, one by one; no shell.",
            examples=[["/usr/bin/tar", "-xf", "/srv/cni.tar", "-C", "/opt/cni"]],
        ),
    ] = None
    script: Annotated[
        str | None, Meta(description="Text of a script instead of a command, from its #! line on.")
    ] = None
    creates: Annotated[
        str | None,
        Meta(
            description="Path that is there when all is done: then nothing runs, and what ran must have made it.",
            examples=["/opt/cni/bridge"],
        ),
    ] = None
    unless: Annotated[
        tuple[str, ...] | None,
        Meta(
            description="Program and arguments that succeed when all is done.",
            examples=[["/usr/bin/test", "-d", "/opt/cni"]],
        ),
    ] = None
    once: Annotated[
        bool, Meta(description="Done when it has succeeded once; a changed command or script runs again.")
    ] = False
    deadline_s: Annotated[
        int, Meta(description="Seconds after which it is stopped and has failed.", ge=1, le=86400)
    ] = 600
    environment: Annotated[
        dict[str, str],
        Meta(
            description="Environment variables; every user of the machine can read them.",
            examples=[{"A": "b"}],
        ),
    ] = {}


def unit_path(command: Command) -> str:
    return f"{UNIT_DIRECTORY}/{_unit_name(command)}"


def script_path(command: Command) -> str:
    return f"{SCRIPT_DIRECTORY}/{command.name}"


def check(commands: tuple[Command, ...], place: Place) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for index, command in enumerate(commands):
        here = (*place, index)
        yield from _check_command(command, here)
        if command.name in seen:
            message = f"{command.name!r} is used by {path_text(seen[command.name])} already"
            yield error("duplicate-name", (*here, "name"), message)
        seen.setdefault(command.name, (*here, "name"))


def _check_command(command: Command, place: Place) -> Iterator[Problem]:
    if not has_variable(command.name) and not NAME.fullmatch(command.name):
        hint = "a-z, 0-9 and hyphens, at most 64 characters"
        yield error("command-name", (*place, "name"), f"{command.name!r} cannot name a command", hint)
    yield from _check_what(command, place)
    if command.creates is None and command.unless is None and not command.once:
        hint = "add creates: PATH, unless: [PROGRAM, ...], or once: true"
        yield error(
            "command-no-condition", place, "nothing says when this is done: it would run at every boot", hint
        )
    if command.creates is not None:
        yield from check_path(command.creates, (*place, "creates"))
        if "\\" in command.creates or command.creates != command.creates.strip():
            message = "a backslash or a space at the end cannot stand in a condition of systemd"
            yield error("path", (*place, "creates"), message)
    if command.unless is not None:
        yield from _check_argv(command.unless, (*place, "unless"))
    for name in command.environment:
        if not VARIABLE_NAME.fullmatch(name):
            problem = error(
                "environment-name", (*place, "environment", name), f"{name!r} is no variable name"
            )
            yield structs.replace(problem, at_key=True)


def _check_what(command: Command, place: Place) -> Iterator[Problem]:
    if command.command is None and command.script is None:
        yield error("command-missing", place, "one of command or script is needed")
    elif command.command is not None and command.script is not None:
        problem = error("command-twice", (*place, "script"), "command and script exclude each other")
        yield structs.replace(problem, at_key=True)
    if command.command is not None:
        yield from _check_argv(command.command, (*place, "command"))
    if command.script is not None:
        yield from _check_script(command.script, (*place, "script"))


def _check_argv(argv: tuple[str, ...], place: Place) -> Iterator[Problem]:
    if not argv:
        yield error("command-empty", place, "a program is needed")
    elif not has_variable(argv[0]) and not PROGRAM.fullmatch(argv[0]):
        hint = "an absolute path, or a name without slash; each argument is an item of its own"
        yield error("command-program", (*place, 0), f"{argv[0]!r} cannot be run", hint)


def _check_script(text: str, place: Place) -> Iterator[Problem]:
    first = text.partition("\n")[0]
    if not re.match(r"#!\s*/", first):
        yield error(
            "script-interpreter", place, "the first line names no interpreter", "begin with #!/bin/sh"
        )
    elif first.endswith("\r"):
        hint = "save the file with line breaks of Unix"
        yield error(
            "script-line-breaks", place, "the kernel takes the carriage return for the interpreter's", hint
        )


def claims(commands: tuple[Command, ...], place: Place) -> Iterator[Claim]:
    names: set[str] = set()
    for index, command in enumerate(commands):
        if command.name not in names:  # twice is reported above
            yield Claim(unit_path(command), (*place, index, "name"))
            if command.script is not None:
                yield Claim(script_path(command), (*place, index, "script"))
        names.add(command.name)


def plan(commands: tuple[Command, ...], _facts: Facts) -> Iterator[Step]:
    earlier = None
    for index, command in enumerate(commands):
        because = path_text(("commands", index))
        if command.script is not None:
            script = WriteFile(script_path(command), command.script.encode(), mode=0o700, secret=True)
            yield Step(script, because)
        yield Step(WriteFile(unit_path(command), _unit(command, earlier).encode()), because)
        earlier = command
    for index, command in enumerate(commands):
        yield Step(EnableUnit(_unit_name(command), True), path_text(("commands", index)))


def _unit_name(command: Command) -> str:
    return f"provision-command-{command.name}.service"


def _unit(command: Command, earlier: Command | None) -> str:
    return (
        f"[Unit]\nDescription=Command {command.name} of the config\n"
        f"Wants=network-online.target\nAfter=network-online.target\n{_order(earlier)}{_conditions(command)}\n"
        # Not started again as long as the machine is up, and seen in `systemctl status`.
        "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        f"TimeoutStartSec={command.deadline_s}\n{_environment(command)}{_run(command)}\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


def _order(earlier: Command | None) -> str:
    return f"After={_unit_name(earlier)}\n" if earlier else ""


def _conditions(command: Command) -> str:
    paths = [command.creates.replace("%", "%%")] if command.creates else []
    paths += [_stamp_path(command)] if command.once else []
    return "".join(f"ConditionPathExists=!{path}\n" for path in paths)


def _environment(command: Command) -> str:
    return "".join(
        f"Environment={quoted(f'{name}={value}')}\n" for name, value in command.environment.items()
    )


def _run(command: Command) -> str:
    lines = []
    if command.unless is not None:
        lines.append(f"ExecCondition={command_line(('/bin/sh', '-c', UNLESS, 'sh', *command.unless))}\n")
    lines.append(f"ExecStart={command_line(_argv(command))}\n")
    if command.creates is not None:
        # A command that succeeds without making what it is for would run at every boot, unnoticed.
        lines.append(f"ExecStartPost={command_line(('/usr/bin/test', '-e', command.creates))}\n")
    if command.once:
        stamp = ("/usr/bin/install", "-D", "-m", "0600", "/dev/null", _stamp_path(command))
        lines.append(f"ExecStartPost={command_line(stamp)}\n")
    return "".join(lines)


def _argv(command: Command) -> tuple[str, ...]:
    return command.command or (script_path(command),)


def _stamp_path(command: Command) -> str:
    """Names what was run: another command under the same name has not run yet."""
    what = "\0".join(command.command or (command.script or "",))
    import hashlib  # late: a config without commands is loaded without it

    return f"{STAMP_DIRECTORY}/{command.name}-{hashlib.sha256(what.encode()).hexdigest()[:12]}.done"
