"""`provision status`: what the last run did, and how each resource is now."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from msgspec import to_builtins

from provision.commands.plan import is_coloured
from provision.commands.resources import Resource, resources
from provision.commands.resources import as_data as resource_data
from provision.commands.resources import as_lines as resource_lines
from provision.errors import ExitCode
from provision.execute.drift import State, compare
from provision.execute.journal import RunStatus, StepRecord, read_history, read_status
from provision.execute.machine import Machine
from provision.execute.target import Target
from provision.execute.wanted import read_wanted

HELP = "show what was asked of a machine, what happened, and how it is now"

POLL_INTERVAL_S = 0.2  # a person does not notice, and a read costs microseconds


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path("/"),
        help="root directory of the machine (default: /)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output (default: text)")
    parser.add_argument("--wait", action="store_true", help="wait until the last run is done or failed")
    parser.add_argument(
        "--timeout", metavar="S", type=float, default=300.0, help="seconds to wait (default: 300)"
    )
    parser.add_argument(
        "--all", action="store_true", help="list the resources that are as wanted, too (JSON always does)"
    )
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 6 when the run is done and something is not as wanted any more",
    )


def run(args: Namespace) -> int:
    try:
        target = Target(args.root)
    except OSError as error:
        print(f"provision: cannot read {args.root}: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE
    with target:
        status = wait(target, args.timeout) if args.wait else read_status(target)
        steps = read_history(target).steps
        found = survey(target, steps)
    if args.format == "json":
        print(json.dumps(as_data(status, last_run(steps, status), found), indent=2))
    else:
        print(as_text(status, found, everything=args.all, coloured=is_coloured(sys.stdout)), end="")
    code = exit_code(status)
    return ExitCode.CHANGES if args.detailed_exitcode and code is ExitCode.DONE and has_drift(found) else code


def survey(target: Target, steps: tuple[StepRecord, ...]) -> tuple[Resource, ...]:
    """Every resource of the last apply; none when no apply wrote down what it wanted."""
    wanted = read_wanted(target) or ()
    return resources(wanted, compare(Machine(target), wanted), steps)


def has_drift(found: Iterable[Resource]) -> bool:
    """What cannot be seen without privileges is no drift: `actual` says so."""
    return any(one.actual.state in (State.MISSING, State.DIFFERS) for one in found)


def wait(target: Target, timeout_s: float) -> RunStatus | None:
    """The status once the run is over, or as it stands after `timeout_s`."""
    ends = time.monotonic() + timeout_s
    status = read_status(target)
    while (status is None or status.result == "running") and time.monotonic() < ends:
        time.sleep(max(0.0, min(POLL_INTERVAL_S, ends - time.monotonic())))
        status = read_status(target)
    return status


def exit_code(status: RunStatus | None) -> ExitCode:
    """A run that still goes on is not done: a script that relies on it must not go on either."""
    if status is None:
        return ExitCode.NO_SOURCE
    return ExitCode.DONE if status.result == "done" else ExitCode.APPLY_FAILED


def last_run(steps: tuple[StepRecord, ...], status: RunStatus | None) -> tuple[StepRecord, ...]:
    """Steps of the last run; of the last one that changed something when that found all as asked for."""
    if not steps:
        return ()
    is_idle = status is not None and status.result == "done"
    run = steps[-1].run if status is None or is_idle else status.started
    return tuple(step for step in steps if step.run == run)


def as_data(
    status: RunStatus | None, steps: tuple[StepRecord, ...], found: tuple[Resource, ...]
) -> dict[str, object]:
    shown = [{"path" if k == "because" else k: v for k, v in to_builtins(step).items()} for step in steps]
    return {
        "status": to_builtins(status) if status else None,
        "steps": shown,
        "resources": [resource_data(one) for one in found],
    }


def as_text(
    status: RunStatus | None, found: tuple[Resource, ...], *, everything: bool, coloured: bool
) -> str:
    if status is None:
        return "no run yet: this machine was not provisioned\n"
    lines = [f"{name:<9} {value}" for name, value in _fields(status) if value]
    if found:
        lines += ["", *resource_lines(found, everything=everything, coloured=coloured)]
    return "".join(f"{line}\n" for line in lines)


def _fields(status: RunStatus) -> tuple[tuple[str, str | None], ...]:
    problem = f"{status.path}: {status.message}" if status.path else status.message
    counts = (
        f"{status.created} created, {status.changed} changed, {status.removed} removed, "
        f"{status.unchanged} unchanged"
    )
    return (
        ("result", status.result),
        ("started", status.started),
        ("finished", status.finished),
        ("config", f"sha256 {status.config_digest}" if status.config_digest else None),
        ("steps", counts),
        ("problem", problem),
    )
