"""`provision plan FILE`: the steps that would change the machine, with their differences; changes nothing."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from provision.errors import ExitCode, ProvisionError
from provision.execute.journal import read_history
from provision.execute.machine import Machine
from provision.execute.survey import Survey, survey
from provision.execute.target import Target
from provision.facts import Facts
from provision.plan.build import Plan, in_own_words, plan
from provision.plan.render import as_data
from provision.plan.render import render_text as render_changes

if TYPE_CHECKING:
    from provision.document import Document
    from provision.execute.running.effects import Effect
    from provision.execute.running.system import RunningSystem
    from provision.formats.parts import Instance

HELP = "show what apply would change on a machine, and change nothing"


class Prepared(Struct, frozen=True):
    """A valid config and its plan for one machine; `config_digest` is the file's sha256 in hex."""

    plan: Plan
    config_digest: str


def add_arguments(parser: ArgumentParser) -> None:
    add_config_arguments(parser)
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit with 6 when there is something to do"
    )


def add_config_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="config file, - for standard input")
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path("/"),
        help="root directory of the machine (default: /)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output (default: text)")


def run(args: Namespace) -> int:
    prepared = prepare(args.file, args.root)
    if isinstance(prepared, ExitCode):
        return prepared
    system = system_at(args.root)
    with Target(args.root) as target:
        found = find_changes(prepared.plan, target)
        running = None if system is None else find_effects(system, target, found)
    if args.format == "json":
        print(as_json(as_data(found.changes, running)))
    else:
        print(render_changes(found.changes, running or (), coloured=is_coloured(sys.stdout)), end="")
    return ExitCode.CHANGES if (found.changes or running) and args.detailed_exitcode else ExitCode.DONE


def system_at(root: Path, *, confirm_s: int | None = None) -> RunningSystem | None:
    """None when the root directory is not that of the system that runs here."""
    if root.resolve() != Path("/"):  # most do not run, and load nothing of what follows
        return None
    from provision.execute.running.system import running_system

    return running_system(root, confirm_s=confirm_s)


def find_effects(system: RunningSystem, target: Target, found: Survey) -> tuple[Effect, ...]:
    from provision.execute.running.effects import effects

    return effects(system, target, found)


def find_changes(plan: Plan, target: Target) -> Survey:
    """Needs the network only for what cannot be compared otherwise: remote contents without a digest, and
    archives that this machine never unpacked."""
    from provision.fetch.gather import DEADLINE_S, fetch_all, unreadable

    with in_own_words(plan):
        contents = fetch_all(unreadable(plan, target), deadline_s=DEADLINE_S)
        return survey(plan, Machine(target, contents), read_history(target).owned)


def prepare(file: str, root: Path) -> Prepared | ExitCode:
    """The plan for the machine below `root`, or the exit code after printing what is wrong."""
    import hashlib

    from provision.load import load_bytes, read_config, shown_name
    from provision.resolve import Includes, fetch_config

    try:
        data = read_config(file)
        if not root.is_dir():
            raise NotADirectoryError(0, "not a directory", str(root))
    except OSError as error:
        print(
            f"provision: cannot read {shown_name(error.filename or file)}: {error.strerror}", file=sys.stderr
        )
        return ExitCode.USAGE
    loaded = load_bytes(
        data,
        file=shown_name(file),
        resolver=Includes(fetch=fetch_config),
        instance=lambda: instance_at(root),
    )
    if loaded.document is None or not loaded.valid:
        from provision.findings import render_text

        print(render_text([loaded.report]), end="", file=sys.stderr)
        unreachable = any(finding.code == "include-source" for finding in loaded.findings)
        return ExitCode.NO_SOURCE if unreachable else ExitCode.INVALID_CONFIG
    try:
        steps = plan(loaded.document, facts_for(loaded.document, root), loaded.origin)
    except ProvisionError as error:  # a fact this machine does not have
        print(f"provision: {error}", file=sys.stderr)
        return ExitCode.INVALID_CONFIG
    return Prepared(steps, hashlib.sha256(data).hexdigest())


def facts_for(document: Document, root: Path) -> Facts:
    return facts_of(root, document.hostname)


def facts_of(root: Path, hostname: str | None) -> Facts:
    """A root directory that is not the running machine has no address or boot interface of its own."""
    if root.resolve() != Path("/"):
        return Facts(hostname=hostname)
    from provision.execute.observe import observe

    return observe(root)


def instance_at(root: Path) -> Instance:
    """For templates."""
    from provision.formats.instance import instance_of

    return instance_of(facts_of(root, None))


def as_json(data: object) -> str:
    import json  # not at the top: most are read by people

    return json.dumps(data, indent=2)


def is_coloured(stream: TextIO) -> bool:
    """Colours only for a person at a terminal who did not refuse them (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
