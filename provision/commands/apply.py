"""`provision apply FILE`: makes the machine what the config asks for."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import to_builtins

from provision.commands.plan import (
    Prepared,
    add_config_arguments,
    as_json,
    is_coloured,
    prepare,
    system_at,
)
from provision.errors import ExitCode, ProvisionError
from provision.execute.apply import UNCHANGED, Outcome, StepResult, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.plan.build import Plan, in_own_words
from provision.plan.describe import describe
from provision.plan.render import RUNNING_SIGN, paint, result_sign

if TYPE_CHECKING:
    from provision.execute.running.system import RunningSystem

HELP = "make a machine what a config asks for"

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 5, 86400
NARROWEST_SUMMARY, WIDEST_SUMMARY = 36, 60  # a longer path pushes its own line only


def add_arguments(parser: ArgumentParser) -> None:
    add_config_arguments(parser)
    parser.add_argument(
        "--confirm",
        metavar="S",
        type=_seconds,
        help="on the running system, take a change of the network back after S seconds unless `provision confirm` "
        "is run (default: keep it)",
    )


def run(args: Namespace) -> int:
    system = system_at(args.root, confirm_s=args.confirm)
    if args.confirm is not None and system is None:
        print(f"provision apply: --confirm: {args.root} is not the running system", file=sys.stderr)
        return ExitCode.USAGE
    prepared = prepare(args.file, args.root)
    if isinstance(prepared, ExitCode):
        return prepared
    results: list[StepResult] = []
    on_step = results.append if args.format == "json" else _progress(prepared.plan)
    try:
        with Target(args.root) as target:
            outcome = _apply(prepared, target, on_step, system)
    except ProvisionError as error:
        _print_last_words(error)
        if args.format == "json":
            print(as_json(_as_data("failed", results, error)))
        raise
    if args.format == "json":
        print(as_json(_as_data("done", results, None)))
    else:
        print(_totals(outcome))
    return ExitCode.DONE


def _print_last_words(error: ProvisionError) -> None:
    """What a unit said before it failed: for the terminal only."""
    from provision.execute.running.jobs import JobError

    if isinstance(error, JobError) and error.log:
        print(error.log, file=sys.stderr)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not SHORTEST_WINDOW_S <= int(text) <= LONGEST_WINDOW_S:
        raise ArgumentTypeError(f"seconds from {SHORTEST_WINDOW_S} to {LONGEST_WINDOW_S} are needed")
    return int(text)


def _apply(
    prepared: Prepared,
    target: Target,
    on_step: Callable[[StepResult], None],
    system: RunningSystem | None,
) -> Outcome:
    from provision.fetch.gather import gather

    with in_own_words(prepared.plan):
        contents = gather(prepared.plan, target)
    journal = Journal(target, config_digest=prepared.config_digest)
    return apply(
        prepared.plan,
        target,
        contents=contents,
        journal=journal,
        on_step=on_step,
        system=system,
    )


def _progress(plan: Plan) -> Callable[[StepResult], None]:
    widths = [len(describe(step.action)) for step in plan.steps]
    width = min(WIDEST_SUMMARY, max([NARROWEST_SUMMARY, *widths]))
    coloured = is_coloured(sys.stdout)

    def show(step: StepResult) -> None:
        if step.result == UNCHANGED:
            return
        sign = result_sign(step.result)
        line = f"{sign} {step.summary:<{width}}  {step.result:<7}  {step.duration_ms:>6} ms"
        print(paint(line, sign, coloured=coloured), flush=True)
        if step.message and sign == RUNNING_SIGN:
            print(f"    {step.message}", flush=True)

    return show


def _totals(outcome: Outcome) -> str:
    if outcome == Outcome(unchanged=outcome.unchanged):
        return f"nothing to do: {outcome.unchanged} unchanged"
    in_effect = f", {outcome.activated} put into effect" if outcome.activated else ""
    return (
        f"done: {outcome.created} created, {outcome.changed} changed, {outcome.removed} removed, "
        f"{outcome.unchanged} unchanged{in_effect}"
    )


def _as_data(result: str, steps: list[StepResult], error: ProvisionError | None) -> dict[str, object]:
    return {
        "result": result,
        "error": {"path": error.path, "message": error.message, "hint": error.hint} if error else None,
        "steps": [
            {"path": step.because, **{k: v for k, v in to_builtins(step).items() if k != "because"}}
            for step in steps
        ],
    }
