"""`provision apply FILE`: makes the machine what the config asks for."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from msgspec import to_builtins

from provision.commands.plan import Prepared, add_config_arguments, is_coloured, prepare
from provision.errors import ExitCode, ProvisionError
from provision.execute.apply import UNCHANGED, Outcome, StepResult, apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.plan.build import Plan
from provision.plan.describe import describe
from provision.plan.render import paint

HELP = "make a machine what a config asks for"

SIGNS = {"created": "+", "changed": "~", "removed": "-", "failed": "!"}
NARROWEST_SUMMARY, WIDEST_SUMMARY = 36, 60  # a longer path pushes its own line only


def add_arguments(parser: ArgumentParser) -> None:
    add_config_arguments(parser)


def run(args: Namespace) -> int:
    prepared = prepare(args.file, args.root)
    if isinstance(prepared, ExitCode):
        return prepared
    results: list[StepResult] = []
    on_step = results.append if args.format == "json" else _progress(prepared.plan)
    try:
        with Target(args.root) as target:
            outcome = _apply(prepared, target, on_step)
    except ProvisionError as error:
        if args.format == "json":
            print(json.dumps(_as_data("failed", results, error), indent=2))
        raise
    if args.format == "json":
        print(json.dumps(_as_data("done", results, None), indent=2))
    else:
        print(_totals(outcome))
    return ExitCode.DONE


def _apply(prepared: Prepared, target: Target, on_step: Callable[[StepResult], None]) -> Outcome:
    from provision.fetch.gather import gather

    contents = gather(prepared.plan, target)
    journal = Journal(target, config_digest=prepared.config_digest)
    return apply(prepared.plan, target, contents=contents, journal=journal, on_step=on_step)


def _progress(plan: Plan) -> Callable[[StepResult], None]:
    widths = [len(describe(step.action)) for step in plan.steps]
    width = min(WIDEST_SUMMARY, max([NARROWEST_SUMMARY, *widths]))
    coloured = is_coloured(sys.stdout)

    def show(step: StepResult) -> None:
        if step.result == UNCHANGED:
            return
        sign = SIGNS[step.result]
        line = f"{sign} {step.summary:<{width}}  {step.result:<7}  {step.duration_ms:>6} ms"
        print(paint(line, sign, coloured=coloured), flush=True)

    return show


def _totals(outcome: Outcome) -> str:
    if outcome == Outcome(unchanged=outcome.unchanged):
        return f"nothing to do: {outcome.unchanged} unchanged"
    return (
        f"done: {outcome.created} created, {outcome.changed} changed, {outcome.removed} removed, "
        f"{outcome.unchanged} unchanged"
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
