"""What happened on this machine: one JSON line for each thing done, and the state of the last run.

Lines are added, and on the disk, after the thing they tell of is done. What a run is about to create is
written before it: a later run may remove only what is listed there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json, structs, to_builtins

from provision.errors import ProvisionError
from provision.execute.refusals import refusal
from provision.execute.target import Target

if TYPE_CHECKING:
    from provision.plan.activation import Job

JOURNAL_PATH = "/var/lib/provision/journal.jsonl"
STATUS_PATH = "/var/lib/provision/status.json"
LOCK_PATH = "/var/lib/provision/lock"
STATUS_MODE = 0o644
LOCK_POLL_S = 0.2


class Thing(Struct, frozen=True, order=True):
    """What one apply can create and a later one remove. `kind`: block, directory, enabled, file, keys, masked,
    user-enabled, user-masked."""

    kind: str
    name: str


class StepRecord(Struct, frozen=True):
    """A step that did something. `because` is None for a removal; `duration_ms` covers its whole batch.

    `file` and `line` are where the user asked for it, `wanted` is the sha256 of what was asked for.
    """

    run: str
    time: str
    because: str | None
    action: str
    result: str
    duration_ms: int
    message: str | None = None
    file: str | None = None
    line: int | None = None
    wanted: str | None = None


class RunStatus(Struct, frozen=True):
    """`result`: running, done or failed; interrupted when nobody is at work any more. Digest: sha256, hex."""

    result: str
    started: str
    finished: str | None = None
    config_digest: str | None = None
    message: str | None = None
    path: str | None = None
    created: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


class History(Struct, frozen=True):
    """The journal, read. `touched`: paths that the last run was going to change.

    `pending`: what the system with that boot id has still to do about changed files.
    """

    steps: tuple[StepRecord, ...] = ()
    owned: frozenset[Thing] = frozenset()
    touched: tuple[str, ...] = ()
    pending_boot_id: str | None = None
    pending: tuple[Job, ...] = ()


class Journal:
    """`now` gives seconds since the epoch."""

    def __init__(
        self, target: Target, *, config_digest: str | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._target = target
        self._now = now
        self.config_digest = config_digest

    def timestamp(self) -> str:
        seconds = self._now()
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return f"{whole}.{int(seconds % 1 * 1000):03d}Z"

    @contextmanager
    def alone(self, *, patience_s: float = 0.0) -> Iterator[None]:
        """Two runs at once would take each other's unfinished files for leftovers."""
        ends = time.monotonic() + patience_s
        while patience_s and self._target.is_locked(LOCK_PATH) and time.monotonic() < ends:
            time.sleep(LOCK_POLL_S)
        with _writing(LOCK_PATH):
            lock_fd = self._target.open_lock(LOCK_PATH)
        try:
            yield
        finally:
            os.close(lock_fd)

    def history(self) -> History:
        return read_history(self._target)

    def status(self) -> RunStatus | None:
        return read_status(self._target)

    def intend(self, run: str, creates: Iterable[Thing], touches: Iterable[str]) -> None:
        """On the disk before the first change."""
        things = [[thing.kind, thing.name] for thing in sorted(creates)]
        self._append(_line({"event": "intent", "run": run, "creates": things, "touches": list(touches)}))

    def gone(self, run: str, things: Iterable[Thing]) -> None:
        names = [[thing.kind, thing.name] for thing in sorted(things)]
        self._append(_line({"event": "gone", "run": run, "things": names}))

    def intend_jobs(self, run: str, boot_id: str, jobs: Iterable[Job]) -> None:
        """All that is to be done now, instead of what was pending; on the disk before the first change."""
        rows = [[job.verb, job.unit, job.because] for job in jobs]
        self._append(_line({"event": "jobs", "run": run, "boot": boot_id, "jobs": rows}))

    def job_done(self, run: str, job: Job) -> None:
        self._append(_line({"event": "job-done", "run": run, "job": job.key}))

    def record(self, steps: Iterable[StepRecord]) -> None:
        """All on the disk with one wait."""
        lines = [b'{"event":"step",' + json.encode(step)[1:] for step in steps]
        if lines:
            self._append(b"\n".join(lines))

    def write_status(self, status: RunStatus) -> None:
        """Seen at once; on the disk with the next wait for it."""
        self.replace_file(STATUS_PATH, _line(to_builtins(status)) + b"\n", mode=STATUS_MODE)

    def replace_file(self, path: str, content: bytes, *, mode: int) -> None:
        """As `write_status`, for what is kept beside it."""
        with _writing(path):
            self._target.publish([self._target.stage_file(path, content, mode=mode)])

    def _append(self, line: bytes) -> None:
        with _writing(JOURNAL_PATH):
            self._target.append_line(JOURNAL_PATH, line)


def read_status(target: Target) -> RunStatus | None:
    """State of the last run; None when there was none."""
    content = target.read_file(STATUS_PATH)
    if not content:  # absent, or emptied by a power cut while the status was on its way to the disk
        return None
    status = RunStatus(**json.decode(content))
    if status.result == "running" and not target.is_locked(LOCK_PATH):
        return structs.replace(
            status, result="interrupted", message="the run was ended before it was done; apply again"
        )
    return status


def read_history(target: Target) -> History:
    steps: list[StepRecord] = []
    owned: set[Thing] = set()
    touched: tuple[str, ...] = ()
    boot_id: str | None = None
    pending: dict[str, Job] = {}
    for event in _events(target.read_file(JOURNAL_PATH) or b""):
        kind = event.pop("event")
        if kind == "intent":
            owned |= _things(event["creates"])
            touched = tuple(event["touches"])
        elif kind == "gone":
            owned -= _things(event["things"])
        elif kind == "jobs":
            boot_id = event["boot"]
            pending = {job.key: job for job in _jobs(event["jobs"])}
        elif kind == "job-done":
            pending.pop(event["job"], None)
        else:
            steps.append(StepRecord(**event))
    return History(tuple(steps), frozenset(owned), touched, boot_id, tuple(pending.values()))


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except BlockingIOError as error:
        hint = "wait for it: provision status --wait"
        raise ProvisionError("another apply is at work on this machine", hint=hint) from error
    except OSError as error:
        raise refusal(f"write {path}", error) from error


def _things(pairs: list[list[str]]) -> set[Thing]:
    return {Thing(kind, name) for kind, name in pairs}


def _jobs(rows: list[tuple[str, str, str | None]]) -> list[Job]:
    from provision.plan.activation import Job, Verb  # late: most root directories do not run

    return [Job(Verb(verb), unit, because) for verb, unit, because in rows]


def _line(event: dict[str, Any]) -> bytes:
    return json.encode(event)


def _events(journal: bytes) -> Iterable[dict[str, Any]]:
    for line in journal.split(b"\n"):
        try:
            yield json.decode(line)
        except ValueError:  # torn by a power cut: what it was to tell of is probed again anyway
            continue
