"""`provision status`: what happened on this machine, step by step."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from provision.commands.plan import is_coloured
from provision.errors import ExitCode
from provision.execute.journal import RunStatus, StepRecord, read_history, read_status
from provision.execute.target import Target
from provision.plan.render import paint, result_sign

HELP = "show what happened on a machine, step by step"

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


def run(args: Namespace) -> int:
    try:
        target = Target(args.root)
    except OSError as error:
        print(f"provision: cannot read {args.root}: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE
    with target:
        status = wait(target, args.timeout) if args.wait else read_status(target)
        steps = last_run(read_history(target).steps, status)
    if args.format == "json":
        print(json.dumps(as_data(status, steps), indent=2))
    else:
        print(as_text(status, steps, coloured=is_coloured(sys.stdout)), end="")
    return exit_code(status)


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


def as_data(status: RunStatus | None, steps: tuple[StepRecord, ...]) -> dict[str, object]:
    shown = [{"path" if k == "because" else k: v for k, v in asdict(step).items()} for step in steps]
    return {"status": asdict(status) if status else None, "steps": shown}


def as_text(status: RunStatus | None, steps: tuple[StepRecord, ...], *, coloured: bool) -> str:
    if status is None:
        return "no run yet: this machine was not provisioned\n"
    lines = [f"{name:<9} {value}" for name, value in _fields(status) if value]
    if steps:
        lines += ["", *_table(steps, coloured=coloured)]
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


def _table(steps: tuple[StepRecord, ...], *, coloured: bool) -> list[str]:
    width = max(len(step.action) for step in steps)
    return [
        paint(
            f"{result_sign(step.result)} {step.action:<{width}}  {step.result:<7}  {step.duration_ms:>6} ms"
            f"  {step.because or ''}".rstrip(),
            result_sign(step.result),
            coloured=coloured,
        )
        for step in steps
    ]
