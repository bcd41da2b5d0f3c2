"""The way back: the previous files in their places, and what runs as they say."""

from __future__ import annotations

from collections.abc import Iterable

from provision.execute.running import previous
from provision.execute.running.jobs import JobError
from provision.execute.running.worker import Worker
from provision.execute.target import Target
from provision.plan.activation import LAST, Job, Verb, undoing


def go_back(worker: Worker, target: Target, kept: previous.Previous, begun: Iterable[Job]) -> list[JobError]:
    """`begun` are the jobs whose effect is to be undone. Started again after a crash, it ends in the same state."""
    jobs = undoing(begun, kept.running)
    # Until the files are back, an apply that finds some of them changed already has all of it to do.
    worker.journal.intend_jobs(worker.run, worker.system.boot_id, kept.jobs)
    # What was removed is ours again, as it was before.
    worker.journal.intend(worker.run, kept.removed, [entry.path for entry in kept.entries])
    errors = worker.do_all([job for job in jobs if job.verb is Verb.STOP], is_final=False)
    previous.put_back(target, kept)
    jobs = tuple(job for job in jobs if job.verb is not Verb.STOP)
    worker.journal.intend_jobs(worker.run, worker.system.boot_id, jobs)
    errors += worker.do_all([job for job in jobs if job.verb not in LAST])
    errors += worker.do_units([job for job in jobs if job.verb in LAST])
    previous.forget(target)
    return errors
