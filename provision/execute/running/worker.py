"""Does jobs one after the other, tells each, and notes in the journal which are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from provision.execute.duration import milliseconds_since
from provision.execute.journal import Journal
from provision.execute.running.jobs import Done, JobError, check_running, do, states
from provision.execute.running.system import RunningSystem
from provision.execute.running.unit_states import UnitState
from provision.plan.activation import Job, after_each_other


class Told(Struct, frozen=True):
    """How one job went. `error` None: well."""

    done: Done
    duration_ms: int
    error: JobError | None = None


class Worker:
    """`begun` are the jobs it has tried. `run` is the name of the run in the journal."""

    def __init__(
        self, system: RunningSystem, journal: Journal, run: str, tell: Callable[[Told], None]
    ) -> None:
        self.system = system
        self.journal = journal
        self.run = run
        self.tell = tell
        self.begun: list[Job] = []

    def states(self, jobs: Sequence[Job]) -> dict[str, UnitState]:
        return states(self.system, tuple(jobs))

    def do(self, job: Job, state: UnitState | None, *, is_final: bool = True) -> None:
        """Not final: the journal has it pending still, as what it was done for is not done yet."""
        self.begun.append(job)
        began = time.monotonic()
        try:
            done = do(self.system, job, state or UnitState())
        except JobError as error:
            self.tell(Told(Done(job, "failed"), milliseconds_since(began), error))
            raise
        if is_final:
            self.journal.job_done(self.run, job)
        if done.result is not None:
            self.tell(Told(done, milliseconds_since(began)))

    def do_all(self, jobs: Sequence[Job], *, is_final: bool = True) -> list[JobError]:
        """Whichever fails, the others are done: a service is not left with old settings because of another."""
        known = self.states(jobs)
        errors: list[JobError] = []
        for job in jobs:
            try:
                self.do(job, known.get(job.unit), is_final=is_final)
            except JobError as error:
                errors.append(error)
        return errors

    def do_units(self, jobs: Sequence[Job]) -> list[JobError]:
        """In the order that systemd wants of them; those that fail right after their start have failed, too."""
        after = {unit: state.after for unit, state in self.states(jobs).items()}
        errors = self.do_all(after_each_other(jobs, after))
        failed = {error.job for error in errors}
        for error in check_running(self.system, tuple(job for job in jobs if job not in failed)):
            self.tell(Told(Done(error.job, "failed"), 0, error))
            errors.append(error)
        return errors


def as_one(errors: Sequence[JobError]) -> JobError:
    first, *others = errors
    if not others:
        return first
    names = ", ".join(error.job.unit or error.job.verb for error in others)
    log = "\n".join(error.log for error in errors if error.log)
    return JobError(first.job, f"{first.message}; failed as well: {names}", hint=first.hint, log=log)
