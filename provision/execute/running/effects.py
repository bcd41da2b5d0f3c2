"""What an apply would do to what runs, found by asking only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, structs

from provision.execute.journal import read_history
from provision.execute.running.jobs import NETWORKD, describe, note_on, verb_now
from provision.execute.running.system import RunningSystem
from provision.execute.running.touches import touches_of
from provision.execute.running.unit_states import UnitState, ask_states
from provision.execute.survey import Survey
from provision.execute.target import Target
from provision.plan.activation import LAST, Job, Verb, activation, after_each_other, merged

ACTIONS = {
    Verb.DAEMON_RELOAD: "reload",
    Verb.HOSTNAME: "set",
    Verb.NETWORK_RELOAD: "reload",
    Verb.POSTPONE: "keep",
    Verb.RESTART: "restart",
    Verb.SETTINGS: "restart",
    Verb.START: "start",
    Verb.STOP: "stop",
    Verb.TRY_RELOAD: "reload",
    Verb.TRY_RESTART: "restart",
    Verb.UDEV_RELOAD: "reload",
}


class Effect(Struct, frozen=True):
    """`action`: keep, reload, restart, set, start, stop. `summary` is what it is done to, as apply names it."""

    action: str
    summary: str
    because: str | None = None
    note: str | None = None


def effects(system: RunningSystem, target: Target, found: Survey) -> tuple[Effect, ...]:
    """Also of what an earlier run of this boot has left to be done."""
    history = read_history(target)
    pending = history.pending if history.pending_boot_id == system.boot_id else ()
    steps = found.plan.steps
    jobs = merged(steps, pending, activation(steps, touches_of(target, found.differing, found.going)))
    units = [NETWORKD, *(job.unit for job in jobs if job.unit and not job.is_about_file)]
    states = ask_states(system.programs, units) if jobs else {}
    shown = found.plan.shown
    return tuple(
        structs.replace(effect, because=shown(effect.because))
        for effect in foreseen(jobs, states, system.own_unit)
    )


def foreseen(jobs: Sequence[Job], states: Mapping[str, UnitState], own_unit: str | None) -> Iterator[Effect]:
    """In the order in which they are done. `states` are those of the jobs' units and of networkd."""
    after = {unit: state.after for unit, state in states.items()}
    early = [job for job in jobs if job.verb not in LAST]
    for job in (*early, *after_each_other([job for job in jobs if job.verb in LAST], after)):
        if job.verb is Verb.NETWORK_RELOAD and not states.get(NETWORKD, UnitState()).is_running:
            continue
        verb = verb_now(job, states.get(job.unit, UnitState()), own_unit)
        if verb is not None:
            yield Effect(ACTIONS[verb], describe(job), job.because, note_on(job, verb, own_unit))
