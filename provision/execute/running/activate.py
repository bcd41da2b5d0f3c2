"""Puts changed files into effect on the running system, or the previous files back when it cannot reload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from provision.actions import Step
from provision.errors import ProvisionError
from provision.execute.journal import History, Thing
from provision.execute.running import previous
from provision.execute.running.going_back import go_back
from provision.execute.running.jobs import Done, JobError
from provision.execute.running.touches import paths_to_change, touches_of
from provision.execute.running.window import close_window, open_window
from provision.execute.running.worker import Told, Worker, as_one
from provision.execute.target import Target
from provision.plan.activation import LAST, Job, Verb, activation, changes_network, merged
from provision.plan.build import Plan

RELOADS = frozenset({Verb.DAEMON_RELOAD, Verb.NETWORK_RELOAD})


class Activator:
    """`prepare` before the first change, `finish` after the last one."""

    def __init__(self, worker: Worker, target: Target) -> None:
        self._worker = worker
        self._target = target
        self._jobs: tuple[Job, ...] = ()

    def refuse_unconfirmed(self) -> None:
        """A second change would leave it open which of the two is confirmed."""
        kept = previous.read(self._target)
        if kept is not None and kept.waits_in(self._worker.system.boot_id):
            hint = "`provision confirm` keeps it, `provision rollback` takes it back"
            raise ProvisionError("a change of the network waits to be confirmed", hint=hint)

    def prepare(
        self,
        plan: Plan,
        history: History,
        differing: Sequence[Step],
        going: Sequence[Thing],
        parents: Iterable[str],
    ) -> bool:
        """What is to be done is in the journal, and what will be changed is kept, before units are stopped.

        Whether there were units to be stopped.
        """
        worker, boot_id = self._worker, self._worker.system.boot_id
        pending = history.pending if history.pending_boot_id == boot_id else ()
        if not pending:
            # Of a run that was cut off when all was done, or before anything was; or of another boot.
            previous.forget(self._target)
        new = activation(plan.steps, touches_of(self._target, differing, going))
        self._jobs = merged(plan.steps, pending, new)
        if not self._jobs:
            return False
        known = worker.states(self._jobs)
        if any(job.verb in RELOADS for job in self._jobs):
            previous.keep(
                self._target,
                boot_id,
                [*parents, *paths_to_change(self._target, differing, going)],
                removed=going,
                jobs=self._jobs,
                running=[unit for unit, state in known.items() if state.is_running],
            )
        if new:
            worker.journal.intend_jobs(worker.run, boot_id, self._jobs)
        stops = [job for job in self._jobs if job.verb is Verb.STOP]
        for job in stops:
            worker.do(job, known.get(job.unit), is_final=False)
        return bool(stops)

    def finish(self) -> None:
        if not self._jobs:
            return
        for job in self._jobs:
            if job.verb is Verb.STOP:
                self._worker.journal.job_done(self._worker.run, job)
        early = [job for job in self._jobs if job.verb is not Verb.STOP and job.verb not in LAST]
        errors = self._do_early(early)
        errors += self._worker.do_units([job for job in self._jobs if job.verb in LAST])
        kept = previous.read(self._target)
        if kept is not None and kept.window_s is None:
            previous.forget(self._target)
        if errors:
            raise as_one(errors)

    def _do_early(self, jobs: Sequence[Job]) -> list[JobError]:
        errors: list[JobError] = []
        try:
            window_s = self._worker.system.confirm_s
            if window_s is not None and changes_network(jobs):
                self._open_window(window_s)
            for job in jobs:
                failed = self._worker.do_all([job])
                if failed and job.verb in RELOADS:
                    raise failed[0]
                errors += failed
        except ProvisionError as error:
            raise self._gone_back(error) from error
        return errors

    def _open_window(self, seconds: int) -> None:
        kept = previous.read(self._target)
        if kept is None:  # left over from a run whose previous files are not there any more
            return
        previous.write(self._target, structs.replace(kept, window_s=seconds))
        open_window(self._worker.system, seconds)
        note = f"`provision confirm` within {seconds} s keeps it; otherwise the previous files come back"
        self._worker.tell(Told(Done(Job(Verb.NETWORK_RELOAD), "unconfirmed", note), 0))

    def _gone_back(self, error: ProvisionError) -> ProvisionError:
        kept = previous.read(self._target)
        if kept is None:
            return error
        if kept.window_s is not None:
            close_window(self._worker.system)
        # All that was begun: by this run, or by the interrupted one whose previous files are kept.
        not_begun = {job.key for job in self._jobs} - {job.key for job in self._worker.begun}
        begun = [job for job in kept.jobs if job.key not in not_begun]
        errors = go_back(self._worker, self._target, kept, begun)
        again = f"; with them, too: {errors[0].message}" if errors else ""
        message = f"{error.message}; the previous files are back{again}"
        return ProvisionError(message, path=error.path, hint=error.hint)
