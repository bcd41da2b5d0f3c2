"""`provision rollback`: puts the previous files back while a change of the network waits; its timer runs this, too."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from provision.commands.confirm import ROOT, this_system, waiting
from provision.errors import ExitCode
from provision.execute.journal import Journal, RunStatus, StepRecord
from provision.execute.running.going_back import go_back
from provision.execute.running.jobs import describe
from provision.execute.running.window import close_window
from provision.execute.running.worker import Told, Worker, as_one
from provision.execute.target import Target
from provision.plan.render import result_sign

HELP = "put the previous files back while a change of the network waits to be confirmed"

PATIENCE_S = 3600.0  # the apply may wait for services that need the very network it has cut off
MESSAGE = "the change of the network was not confirmed: the previous files are back"


def add_arguments(parser: ArgumentParser) -> None:
    """None: there is one change at most, on this system."""


def run(_args: Namespace) -> int:
    system = this_system()
    with Target(ROOT) as target:
        journal = Journal(target)
        with journal.alone(patience_s=PATIENCE_S):
            kept = waiting(target, system)
            started = journal.timestamp()
            close_window(system)
            worker = Worker(system, journal, started, lambda told: _tell(journal, started, told))
            errors = go_back(worker, target, kept, kept.jobs)
            # The machine is not what its config asks for: `provision status` must not say that all is done.
            journal.write_status(
                RunStatus("failed", started, finished=journal.timestamp(), message=MESSAGE, path="network")
            )
    if errors:
        raise as_one(errors)
    print("the previous files are back")
    return ExitCode.DONE


def _tell(journal: Journal, started: str, told: Told) -> None:
    job, result = told.done.job, told.done.result or ""
    message = told.error.message if told.error else told.done.note
    journal.record(
        [
            StepRecord(
                run=started,
                time=journal.timestamp(),
                because=job.because,
                action=describe(job),
                result=result,
                duration_ms=told.duration_ms,
                message=message,
            )
        ]
    )
    print(f"{result_sign(result)} {describe(job)}  {result}", file=sys.stderr, flush=True)
