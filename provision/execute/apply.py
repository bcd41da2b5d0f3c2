"""Makes a machine what a plan asks for: probe, perform what differs, probe again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from provision.actions import RemoteContent, Step
from provision.errors import ProvisionError
from provision.execute.account_files import tidy_account_files
from provision.execute.difference import Difference, Kind
from provision.execute.duration import milliseconds_since
from provision.execute.handlers import handler_of
from provision.execute.journal import History, Journal, RunStatus, StepRecord, Thing
from provision.execute.machine import Machine
from provision.execute.ownership import Leaving, leaving, paths_of, remove, to_be_created
from provision.execute.refusals import refusal
from provision.execute.survey import StepError, batches, blaming, careful_steps, probe_steps, refuse_foreign
from provision.execute.target import Target
from provision.execute.trees import unpacked
from provision.execute.wanted import Wanted, keep
from provision.plan.build import Plan
from provision.plan.describe import describe

if TYPE_CHECKING:
    from provision.execute.running.activate import Activator
    from provision.execute.running.system import RunningSystem
    from provision.execute.running.worker import Told

UNCHANGED = "unchanged"
Found = Sequence[tuple[Step, Difference | None]]
RESULTS = {Kind.CREATE: "created", Kind.CHANGE: "changed", Kind.REMOVE: "removed"}


class StepResult(Struct, frozen=True):
    """`because` is None for a removal. `result`: created, changed, removed, unchanged, failed, or what became of
    a unit or setting of the running system (running/jobs.py).

    `duration_ms` is that of the batch in which the step was done: files are written and synced together.
    """

    because: str | None
    summary: str
    result: str
    duration_ms: int
    message: str | None = None


class Outcome(Struct, frozen=True):
    created: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    activated: int = 0

    def plus(self, result: str, number: int = 1) -> Outcome:
        return structs.replace(self, **{result: getattr(self, result) + number})


def apply(
    plan: Plan,
    target: Target,
    *,
    contents: Mapping[RemoteContent, bytes],
    journal: Journal,
    on_step: Callable[[StepResult], None],
    system: RunningSystem | None = None,
) -> Outcome:
    """Stops at the first step that fails, with a ProvisionError that has its config path.

    `system`: the target is the root of this running system, in which the change takes effect at once.
    """
    run = _Run(Machine(target, contents), journal, on_step)
    if system is not None:
        run.activate(system)
    with journal.alone(), run.recorded():
        run.carry_out(plan)
    return run.outcome


class _Run:
    def __init__(self, machine: Machine, journal: Journal, on_step: Callable[[StepResult], None]) -> None:
        self._machine = machine
        self._journal = journal
        self._on_step = on_step
        self._started = journal.timestamp()
        self._plan = Plan(())
        self._wanted: dict[int, Wanted] = {}  # by the identity of a step of the plan
        self._activator: Activator | None = None
        self.outcome = Outcome()

    def activate(self, system: RunningSystem) -> None:
        from provision.execute.running.activate import Activator  # late: other roots need none of it
        from provision.execute.running.worker import Worker

        worker = Worker(system, self._journal, self._started, self._tell_job)
        self._activator = Activator(worker, self._machine.target)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """The status file says how the run stands, whatever happens."""
        if self._activator is not None:
            self._activator.refuse_unconfirmed()
        status = RunStatus("running", self._started, config_digest=self._journal.config_digest)
        self._tidy_after(self._journal.status())
        self._journal.write_status(status)
        began = time.monotonic()
        try:
            with _machine_trouble():
                yield
        except ProvisionError as error:
            error.path = self._plan.shown(error.path)
            with suppress(ProvisionError):  # the disk may refuse that as well: then the next run does it
                self._tidy()
            if isinstance(error, StepError):
                self._tell_failure(error, milliseconds_since(began))
            self._finish(status, "failed", error)
            raise
        self._finish(status, "done", None)

    def carry_out(self, plan: Plan) -> None:
        self._plan = plan = unpacked(plan, self._machine.target, self._machine.contents)
        history = self._journal.history()
        if careful := careful_steps(plan):
            refuse_foreign(self._machine, careful, history.owned)
        if self._activator is None:
            self._change_files(plan, history.owned, None)
            return
        found = self._prepare(self._activator, plan, history)
        self._change_files(plan, history.owned, found)
        self._activator.finish()

    def _prepare(self, activator: Activator, plan: Plan, history: History) -> Found | None:
        """What differs; None when that may be different now, as units were stopped."""
        target = self._machine.target
        found = self._probe(plan)
        differing = [step for step, difference in found if difference]
        going = leaving(self._machine, history.owned, plan.steps)
        parents = [thing.name for thing in to_be_created(target, differing) if thing.kind == "directory"]
        things = [removal.thing for removal in going.removals]
        has_stopped = activator.prepare(plan, history, differing, things, parents)
        return None if has_stopped else found

    def _probe(self, plan: Plan) -> Found:
        return list(zip(plan.steps, probe_steps(self._machine, plan.steps), strict=True))

    def _change_files(self, plan: Plan, owned: frozenset[Thing], found: Found | None) -> None:
        """`found` is what a probe of the whole plan found, if there was one: it counts until something is removed."""
        began = time.monotonic()
        wanted = keep(plan, self._machine, self._journal)
        self._wanted = {id(step): one for step, one in zip(plan.steps, wanted, strict=True)}
        has_removed = self._remove_all(plan, owned)
        if found is None or has_removed:
            found = self._probe(plan)
        differing = [(step, difference) for step, difference in found if difference]
        if not differing:
            self._tell(found, milliseconds_since(began))
            return
        creating = [step for step, difference in differing if difference.kind is Kind.CREATE]
        self._announce(creating, [step for step, _ in differing])
        for batch in batches(plan.steps):
            self._carry_out_batch(batch)

    def _remove_all(self, plan: Plan, owned: frozenset[Thing]) -> bool:
        """Before the rest, which may want the same paths for other things. Whether there was something."""
        left = owned
        while (going := leaving(self._machine, left, plan.steps)).gone:
            self._remove(going)
            # A disabled unit takes its .wants directory along, so another directory may be empty now.
            left -= set(going.gone)
        return left != owned

    def _tidy_after(self, before: RunStatus | None) -> None:
        if before is None or before.result != "done":
            self._tidy()

    def _tidy(self) -> None:
        """Unfinished files go; on a full disk they would take the room that is needed to say so."""
        with _machine_trouble():
            tidy_account_files(self._machine.target)
            for path in self._journal.history().touched:
                self._machine.target.remove_leftover(path)

    def _announce(self, creating: Sequence[Step], differing: Sequence[Step]) -> None:
        target = self._machine.target
        things = to_be_created(target, creating)
        parents = [thing.name for thing in things if thing.kind == "directory"]
        touches = [*sorted(parents), *paths_of(target, differing)]
        self._journal.intend(self._started, things, dict.fromkeys(touches))

    def _remove(self, going: Leaving) -> None:
        for removal in going.removals:
            began = time.monotonic()
            try:
                remove(self._machine, removal.thing)
            except OSError as error:
                raise refusal(f"remove {removal.difference.summary}", error) from error
            self._tell([(None, removal.difference)], milliseconds_since(began))
        self._journal.gone(self._started, going.gone)

    def _carry_out_batch(self, batch: Sequence[Step]) -> None:
        began = time.monotonic()
        found = probe_steps(self._machine, batch)
        differing = [step for step, difference in zip(batch, found, strict=True) if difference]
        if differing:
            with blaming(batch):
                handler_of(batch[0].action).perform(self._machine, [step.action for step in differing])
            self._check(differing)
        self._tell(list(zip(batch, found, strict=True)), milliseconds_since(began))

    def _check(self, performed: Sequence[Step]) -> None:
        """What was performed must now be so: a tool that says yes and does nothing is found out here."""
        for step, difference in zip(performed, probe_steps(self._machine, performed), strict=True):
            if difference:
                still = "; ".join(difference.lines)
                problem = ProvisionError(f"{difference.summary} is still not as asked for: {still}")
                raise StepError(problem, step)

    def _tell(self, done: Sequence[tuple[Step | None, Difference | None]], duration_ms: int) -> None:
        results = [(self._result(step, difference, duration_ms), step) for step, difference in done]
        self._record((result, step) for result, step in results if result.result != UNCHANGED)
        for kind, number in Counter(result.result for result, _ in results).items():
            self.outcome = self.outcome.plus(kind, number)
        for result, _ in results:
            self._on_step(result)

    def _result(self, step: Step | None, difference: Difference | None, duration_ms: int) -> StepResult:
        because = self._plan.shown(step.because) if step else None
        if difference:
            return StepResult(because, difference.summary, RESULTS[difference.kind], duration_ms)
        return StepResult(because, describe(step.action) if step else "", UNCHANGED, duration_ms)

    def _tell_failure(self, error: StepError, duration_ms: int) -> None:
        message = f"{error.message} ({error.hint})" if error.hint else error.message
        result = StepResult(error.path, describe(error.step.action), "failed", duration_ms, message)
        self._record([(result, error.step)])
        self._on_step(result)

    def _tell_job(self, told: Told) -> None:
        from provision.execute.running.jobs import describe as describe_job

        job, error = told.done.job, told.error
        message = error.message if error else told.done.note
        result = StepResult(
            self._plan.shown(job.because),
            describe_job(job),
            told.done.result or UNCHANGED,
            told.duration_ms,
            message,
        )
        self._record([(result, None)])
        if error is None:
            self.outcome = self.outcome.plus("activated")
        self._on_step(result)

    def _record(self, done: Iterable[tuple[StepResult, Step | None]]) -> None:
        now = self._journal.timestamp()
        self._journal.record(self._record_of(result, step, now) for result, step in done)

    def _record_of(self, result: StepResult, step: Step | None, now: str) -> StepRecord:
        wanted = self._wanted.get(id(step))
        origin = wanted.origin if wanted else None
        return StepRecord(
            run=self._started,
            time=now,
            because=result.because,
            action=result.summary,
            result=result.result,
            duration_ms=result.duration_ms,
            message=result.message,
            file=origin.file if origin else None,
            line=origin.line if origin else None,
            wanted=wanted.digest if wanted else None,
        )

    def _finish(self, status: RunStatus, result: str, error: ProvisionError | None) -> None:
        self._journal.write_status(
            structs.replace(
                status,
                result=result,
                finished=self._journal.timestamp(),
                message=error.message if error else None,
                path=error.path if error else None,
                created=self.outcome.created,
                changed=self.outcome.changed,
                removed=self.outcome.removed,
                unchanged=self.outcome.unchanged,
            )
        )


@contextmanager
def _machine_trouble() -> Iterator[None]:
    """What the file system refuses outside any step, when looking for what is to be removed."""
    try:
        yield
    except OSError as error:
        raise refusal(f"use {error.filename or 'the target root'}", error) from error
