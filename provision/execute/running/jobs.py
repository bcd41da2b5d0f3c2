"""Does jobs by systemctl and its like, with a deadline each, and says what came of them."""

from __future__ import annotations

from msgspec import Struct, structs

from provision.errors import ProvisionError
from provision.execute.command import Completed, DeadlineError, ending, tail
from provision.execute.running.system import RunningSystem
from provision.execute.running.unit_states import ASK_DEADLINE_S, UnitState, ask_states
from provision.plan.activation import Job, Verb

RELOAD_DEADLINE_S = 120.0  # generators have 90 s of their own; systemctl waits for the answer as long as that
SETTLE_DEADLINE_S = 60.0  # networkctl, udevadm, hostname: milliseconds
MARGIN_S = 10.0  # beyond what the unit itself allows, after which systemd would have ended it
ENDLESS_S = 60.0  # for a unit that sets itself no deadline, as a member that waits for the others
LOG_LINES = 20

NETWORKD = "systemd-networkd.service"
WAIT_ONLINE = ["/usr/lib/systemd/systemd-networkd-wait-online", "--timeout=10"]
HOSTNAME_COMMAND = ["hostname", "--file", "/etc/hostname"]
RESULTS = {
    Verb.DAEMON_RELOAD: "reloaded",
    Verb.HOSTNAME: "set",
    Verb.NETWORK_RELOAD: "reloaded",
    Verb.POSTPONE: "postponed",
    Verb.RESTART: "restarted",
    Verb.SETTINGS: "applied",
    Verb.START: "started",
    Verb.STOP: "stopped",
    Verb.TRY_RELOAD: "reloaded",
    Verb.TRY_RESTART: "restarted",
    Verb.UDEV_RELOAD: "reloaded",
}
THINGS = {
    Verb.DAEMON_RELOAD: "systemd",
    Verb.HOSTNAME: "host name of the kernel",
    Verb.NETWORK_RELOAD: "network",
    Verb.UDEV_RELOAD: "udev",
}


class Done(Struct, frozen=True):
    """`result`: restarted, started, stopped, reloaded, ...; None when there was nothing to do."""

    job: Job
    result: str | None
    note: str | None = None


class JobError(ProvisionError):
    """A job failed. `log` is what the unit said last; others may read the journal of runs, so it is not in there."""

    def __init__(self, job: Job, message: str, *, hint: str | None = None, log: str = "") -> None:
        super().__init__(message, path=job.because, hint=hint)
        self.job = job
        self.log = log


def describe(job: Job) -> str:
    if job.is_about_file:
        return f"file {job.unit}"
    return THINGS.get(job.verb) or f"unit {job.unit}"


def note_on(job: Job, comes_to: Verb, own_unit: str | None) -> str | None:
    """What does not follow from the verb alone."""
    if comes_to is Verb.UDEV_RELOAD:
        return "names and MAC addresses of .link files count when the interface appears: at the next boot"
    if comes_to is not Verb.POSTPONE:
        return None
    if job.unit == own_unit:
        return "this apply runs in it; restart it yourself"
    if job.is_about_file:
        return "a new device is there now; one that was there keeps its settings until the next boot"
    return "it goes on as it is; what changed counts from the next boot on"


def verb_now(job: Job, state: UnitState, own_unit: str | None) -> Verb | None:
    """What a job comes to with its unit as it is; None: nothing is to be done."""
    if job.unit == own_unit:
        return Verb.POSTPONE
    # One that has failed may have done so with the file that is mended now.
    is_tried_again = job.verb is Verb.TRY_RESTART and state.active == "failed"
    runs = state.is_running or is_tried_again or "*" in job.unit
    if job.verb in (Verb.STOP, Verb.TRY_RESTART, Verb.TRY_RELOAD) and not runs:
        return None
    if job.verb is Verb.SETTINGS and state.load != "loaded":  # a system without it has nothing to set
        return None
    if job.verb is Verb.RESTART and not state.is_running:
        return Verb.START
    return Verb.RESTART if is_tried_again else job.verb


def states(system: RunningSystem, jobs: tuple[Job, ...]) -> dict[str, UnitState]:
    return ask_states(system.programs, [job.unit for job in jobs if job.unit and not job.is_about_file])


def do(system: RunningSystem, job: Job, state: UnitState) -> Done:
    """JobError when it fails; `state` is that of the job's unit as it is now."""
    match job.verb:
        case Verb.DAEMON_RELOAD:
            return _call(system, job, ["systemctl", "daemon-reload"], RELOAD_DEADLINE_S)
        case Verb.HOSTNAME:
            return _call(system, job, HOSTNAME_COMMAND, SETTLE_DEADLINE_S)
        case Verb.UDEV_RELOAD:
            return _call(system, job, ["udevadm", "control", "--reload"], SETTLE_DEADLINE_S)
        case Verb.NETWORK_RELOAD:
            return _reload_network(system, job)
        case Verb.POSTPONE:
            return Done(job, RESULTS[job.verb], note_on(job, job.verb, system.own_unit))
        case _:
            return _on_unit(system, job, state)


def check_running(system: RunningSystem, jobs: tuple[Job, ...]) -> list[JobError]:
    """A service that ends right after its start is found out here: systemctl was content with the start."""
    started = [job for job in jobs if job.verb in (Verb.START, Verb.RESTART, Verb.TRY_RESTART)]
    found = ask_states(system.programs, [job.unit for job in started])
    return [
        _unit_error(system, job, f"{job.unit} was started and has failed: {found[job.unit].result}")
        for job in started
        if job.unit in found and found[job.unit].has_failed
    ]


def _on_unit(system: RunningSystem, job: Job, state: UnitState) -> Done:
    comes_to = verb_now(job, state, system.own_unit)
    if comes_to is None:
        return Done(job, None)
    if comes_to is Verb.POSTPONE:
        return Done(job, RESULTS[comes_to], note_on(job, comes_to, system.own_unit))
    verb = "restart" if job.verb in (Verb.RESTART, Verb.SETTINGS) else comes_to.value
    timeout_s = ENDLESS_S if state.timeout_s is None else state.timeout_s + MARGIN_S
    queued = [] if system.waits or job.verb is Verb.STOP else ["--no-block"]
    arguments = ["systemctl", "--no-pager", "--no-ask-password", *queued, verb, "--", job.unit]
    try:
        done = system.programs(arguments, deadline_s=timeout_s)
    except DeadlineError as error:
        if state.timeout_s is None and job.verb is not Verb.STOP:
            return Done(job, "starting", "it sets itself no deadline and goes on starting")
        if "*" not in job.unit and ask_states(system.programs, [job.unit])[job.unit].is_waiting:
            return Done(job, "starting", "it waits for units before it, and starts after them")
        raise _unit_error(system, job, f"{job.unit} did not {verb} within {timeout_s:g} s") from error
    if done.exit_code != 0:
        raise _unit_error(system, job, f"cannot {verb} {job.unit}: {_first_line(done)}")
    if queued:
        return Done(job, "starting", "the boot that is going on starts it in its turn")
    return Done(job, RESULTS[comes_to])


def _reload_network(system: RunningSystem, job: Job) -> Done:
    """networkd reconfigures the interfaces whose files changed; where it does not run, the files wait for it."""
    if not ask_states(system.programs, [NETWORKD])[NETWORKD].is_running:
        return Done(job, None)
    done = _call(system, job, ["networkctl", "reload"], SETTLE_DEADLINE_S)
    if job.because is None:  # interfaces that nobody asks for any more will not be configured
        return done
    # It comes back before the addresses are there that the services after it may want.
    try:
        waited = system.programs(WAIT_ONLINE, deadline_s=SETTLE_DEADLINE_S)
    except ProvisionError:  # not there, which does not make the reload a failure
        return done
    return (
        done if waited.exit_code == 0 else structs.replace(done, note="not every interface is configured yet")
    )


def _call(system: RunningSystem, job: Job, arguments: list[str], deadline_s: float) -> Done:
    try:
        done = system.programs(arguments, deadline_s=deadline_s)
    except ProvisionError as error:
        raise JobError(job, error.message, hint=error.hint) from error
    if done.exit_code != 0:
        raise JobError(job, f"{' '.join(arguments)} {ending(done.exit_code)}: {tail(done)}")
    return Done(job, RESULTS[job.verb], note_on(job, job.verb, system.own_unit))


def _first_line(done: Completed) -> str:
    return tail(done).partition("\n")[0]  # the others tell how to read the journal, which is done already


def _unit_error(system: RunningSystem, job: Job, message: str) -> JobError:
    arguments = ["journalctl", "--no-pager", "--output=short", f"--lines={LOG_LINES}", f"--unit={job.unit}"]
    try:
        # What a unit said as it died may still be on its way to the journal.
        system.programs(["journalctl", "--sync"], deadline_s=ASK_DEADLINE_S)
        log = system.programs(arguments, deadline_s=ASK_DEADLINE_S).stdout.strip()
    except ProvisionError:  # without its last words the failure is still the one to tell
        log = ""
    return JobError(job, message, hint=f"see: journalctl --unit={job.unit}", log=log)
