"""What a running system must do so that changed files count: pure, from what was changed to jobs in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from provision.actions import EnableUnit, Step, WriteFile


class Became(StrEnum):
    """What a file is now (PRESENT: new or different), or a unit."""

    PRESENT = "present"
    ABSENT = "absent"
    ENABLED = "enabled"
    DISABLED = "disabled"
    MASKED = "masked"
    UNMASKED = "unmasked"


class Touch(Struct, frozen=True):
    """`name` is a path, or a unit that became enabled, disabled, masked or unmasked."""

    became: Became
    name: str
    because: str | None = None


class Verb(StrEnum):
    """In the order in which jobs are done: a unit is stopped while its file, with its ExecStop=, is still there."""

    STOP = "stop"
    DAEMON_RELOAD = "daemon-reload"
    HOSTNAME = "set hostname"
    UDEV_RELOAD = "udev reload"
    SETTINGS = "apply settings"
    NETWORK_RELOAD = "network reload"
    START = "start"
    RESTART = "restart"  # started as well when it does not run
    TRY_RESTART = "try-restart"
    TRY_RELOAD = "try-reload-or-restart"
    POSTPONE = "postpone"


LAST = frozenset({Verb.START, Verb.RESTART, Verb.TRY_RESTART, Verb.TRY_RELOAD, Verb.POSTPONE})


class Job(Struct, frozen=True):
    """`unit` may be a pattern, the running instances of a template; or a file that nobody reads again."""

    verb: Verb
    unit: str = ""
    because: str | None = None

    @property
    def key(self) -> str:
        """Two jobs of one key are one: the later decided counts."""
        return self.unit or self.verb

    @property
    def is_about_file(self) -> bool:
        return self.unit.startswith("/")


UNIT_PATH = re.compile(
    r"(?:/etc|/run|/usr/local/lib|/usr/lib|/lib)/systemd/system/"
    r"(?P<unit>[^/]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope))"
    r"(?:\.d/[^/]+\.conf)?"
)
QUADLET_PATH = re.compile(r"/etc/containers/systemd/(?P<name>[^/]+)\.(?P<kind>container|volume|network|kube)")
QUADLET_SUFFIXES = {"container": "", "volume": "-volume", "network": "-network", "kube": ""}
# What systemd itself reads anew, beside its units.
SYSTEMD_PATHS = ("/etc/systemd/system/*", "/etc/systemd/system-preset/*", "/etc/systemd/system.conf*")

HOSTNAME_PATH = "/etc/hostname"
NETWORK_PATHS = ("/etc/systemd/network/*.network*", "/etc/systemd/network/*.netdev*")
# A name or MAC address in a .link file is given when the interface appears.
UDEV_PATHS = ("/etc/systemd/network/*.link*", "/etc/udev/rules.d/*")

# Whose configuration a file is, when it is no unit's own. Patterns of fnmatch: * matches slashes, too.
READERS: tuple[tuple[str, Verb, str], ...] = (
    ("/etc/modules-load.d/*", Verb.SETTINGS, "systemd-modules-load.service"),
    ("/etc/sysctl.conf", Verb.SETTINGS, "systemd-sysctl.service"),
    ("/etc/sysctl.d/*", Verb.SETTINGS, "systemd-sysctl.service"),
    ("/etc/vconsole.conf", Verb.SETTINGS, "systemd-vconsole-setup.service"),
    ("/etc/default/keyboard", Verb.SETTINGS, "keyboard-setup.service"),
    ("/etc/systemd/journald.conf*", Verb.TRY_RESTART, "systemd-journald.service"),
    ("/etc/systemd/resolved.conf*", Verb.TRY_RESTART, "systemd-resolved.service"),
    ("/etc/systemd/timesyncd.conf*", Verb.TRY_RESTART, "systemd-timesyncd.service"),
    ("/etc/ssh/ssh_host_*", Verb.TRY_RELOAD, "ssh.service"),
    ("/etc/ssh/sshd_config*", Verb.TRY_RELOAD, "ssh.service"),
)

# Others hold connections to them that a restart would cut: sessions, the bus, the network under our feet.
KEPT_RUNNING = frozenset(
    {"dbus-broker.service", "dbus.service", "systemd-logind.service", "systemd-networkd.service"}
)
# A restart would end all that is inside them; a reload of systemd gives them their new settings.
GROUPING = (".slice", ".scope", ".target")


def activation(steps: Sequence[Step], touches: Iterable[Touch]) -> tuple[Job, ...]:
    """`steps` are the whole plan: they tell which units shall run, and which files belong to one entry."""
    wanted = wanted_units(steps)
    jobs: dict[str, Job] = {}
    for touch in sorted(touches, key=_config_order(steps)):
        for job in _jobs_of(touch, steps, wanted):
            before = jobs.get(job.key)
            if before is None or _outweighs(job, before):
                jobs[job.key] = job
    return in_order(jobs.values())


def wanted_units(steps: Iterable[Step]) -> frozenset[str]:
    return frozenset(name for step in steps if (name := _enabled_by(step)))


def merged(steps: Sequence[Step], pending: Iterable[Job], jobs: Iterable[Job]) -> tuple[Job, ...]:
    """What an earlier run left undone, too, unless it is decided anew; what it stopped may be wanted again."""
    wanted = wanted_units(steps)
    by_key = {
        job.key: structs.replace(job, verb=Verb.RESTART)
        if job.verb is Verb.STOP and job.unit in wanted
        else job
        for job in pending
    }
    for job in jobs:
        by_key.pop(job.key, None)
        by_key[job.key] = job
    return in_order(by_key.values())


def in_order(jobs: Iterable[Job]) -> tuple[Job, ...]:
    verbs = list(Verb)
    return tuple(sorted(jobs, key=lambda job: len(verbs) if job.verb in LAST else verbs.index(job.verb)))


def after_each_other(jobs: Sequence[Job], after: Mapping[str, frozenset[str]]) -> tuple[Job, ...]:
    """The config's order, but a unit that systemd orders after another of these comes after it."""
    by_unit = {job.unit: job for job in jobs}
    placed: dict[str, Job] = {}
    visiting: set[str] = set()

    def place(job: Job) -> None:
        if (
            job.unit in placed or job.unit in visiting
        ):  # visiting: a cycle, which systemd will break its own way
            return
        visiting.add(job.unit)
        for name, other in by_unit.items():
            if name in after.get(job.unit, frozenset()):
                place(other)
        placed[job.unit] = job

    for job in jobs:
        place(job)
    return tuple(placed.values())


def undoing(jobs: Iterable[Job], running: Collection[str]) -> tuple[Job, ...]:
    """For when the files are as they were again: what ran before runs anew, what did not is stopped."""
    again: list[Job] = []
    for job in jobs:
        if job.verb in (Verb.STOP, Verb.START, Verb.RESTART, Verb.TRY_RESTART):
            is_pattern = "*" in job.unit
            verb = Verb.TRY_RESTART if is_pattern else Verb.RESTART if job.unit in running else Verb.STOP
            again.append(Job(verb, job.unit, job.because))
        elif job.verb is not Verb.POSTPONE:
            again.append(job)
    return in_order(again)


def changes_network(jobs: Iterable[Job]) -> bool:
    return any(job.verb is Verb.NETWORK_RELOAD for job in jobs)


def unit_of(path: str) -> str | None:
    """The unit of a unit file or drop-in; a pattern for a template, or a drop-in for all `a-*`."""
    match = UNIT_PATH.fullmatch(path)
    if match is None:
        return None
    stem, _, suffix = match["unit"].rpartition(".")
    return f"{stem}*.{suffix}" if stem.endswith(("@", "-")) else match["unit"]


def _enabled_by(step: Step) -> str | None:
    match step.action:
        case EnableUnit(name=name, enabled=True, user=False):
            return name
        case _:
            return None


def _jobs_of(touch: Touch, steps: Sequence[Step], wanted: Collection[str]) -> Iterator[Job]:
    match touch.became:
        case Became.PRESENT | Became.ABSENT:
            yield from _jobs_of_file(touch, steps, wanted)
        case Became.ENABLED:
            yield Job(Verb.DAEMON_RELOAD)
            yield _unit_job(Verb.RESTART, touch.name, touch.because)
        case Became.DISABLED | Became.MASKED:
            yield Job(Verb.DAEMON_RELOAD)
            yield _unit_job(Verb.STOP, touch.name, touch.because)
        case Became.UNMASKED:
            yield Job(Verb.DAEMON_RELOAD)


def _jobs_of_file(touch: Touch, steps: Sequence[Step], wanted: Collection[str]) -> Iterator[Job]:
    path, because = touch.name, touch.because
    unit, quadlet = unit_of(path), _quadlet_unit(path)
    if unit or quadlet or _fits(path, SYSTEMD_PATHS):
        yield Job(Verb.DAEMON_RELOAD)
    if unit is not None:
        gone = touch.became is Became.ABSENT and path.endswith(unit.replace("*", ""))
        verb = Verb.STOP if gone else Verb.RESTART if unit in wanted else Verb.TRY_RESTART
        yield _unit_job(verb, unit, because)
    elif quadlet is not None:
        yield _unit_job(Verb.STOP if touch.became is Became.ABSENT else Verb.RESTART, quadlet, because)
    elif because is not None:
        # The script of a command, the secrets of a container: they belong to the unit of the same entry.
        for name in _units_of_entry(because, steps):
            yield _unit_job(Verb.RESTART, name, because)
    if path == HOSTNAME_PATH and touch.became is Became.PRESENT:
        yield Job(Verb.HOSTNAME, because=because)
    if _fits(path, NETWORK_PATHS):
        yield Job(Verb.NETWORK_RELOAD, because=because)
    if path.endswith(".netdev") and touch.became is Became.PRESENT and _fits(path, NETWORK_PATHS):
        yield Job(Verb.POSTPONE, path, because)
    if _fits(path, UDEV_PATHS):
        yield Job(Verb.UDEV_RELOAD, because=because)
    for pattern, verb, reader in READERS:
        if fnmatchcase(path, pattern):
            yield Job(verb, reader, because)


def _unit_job(verb: Verb, unit: str, because: str | None) -> Job:
    if unit in KEPT_RUNNING:
        # Starting what does not run harms nobody, and restarting what runs is what is not done.
        verb = Verb.START if verb is Verb.RESTART else Verb.POSTPONE
    elif unit.endswith(GROUPING) and verb is not Verb.STOP:
        verb = Verb.START if verb is Verb.RESTART else Verb.POSTPONE
    return Job(verb, unit, because)


def _outweighs(job: Job, before: Job) -> bool:
    """A unit disabled and gone is stopped, whatever else changed; one to be started is not merely tried."""
    strength = (
        Verb.POSTPONE,
        Verb.TRY_RELOAD,
        Verb.TRY_RESTART,
        Verb.SETTINGS,
        Verb.START,
        Verb.RESTART,
        Verb.STOP,
    )
    return job.verb in strength and strength.index(job.verb) > strength.index(before.verb)


def _quadlet_unit(path: str) -> str | None:
    """podman-systemd.unit(5): what its generator makes of the file."""
    match = QUADLET_PATH.fullmatch(path)
    return f"{match['name']}{QUADLET_SUFFIXES[match['kind']]}.service" if match else None


def _units_of_entry(because: str, steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.because != because:
            continue
        if (enabled := _enabled_by(step)) is not None:
            yield enabled
        elif isinstance(step.action, WriteFile) and (unit := _quadlet_unit(step.action.path)):
            yield unit


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _config_order(steps: Sequence[Step]) -> Callable[[Touch], tuple[int, int]]:
    """By section, then by the number of the entry; what no config asks for comes first."""
    names = dict.fromkeys(_entry(step.because)[0] for step in steps)
    sections = {name: number for number, name in enumerate(names)}

    def place(touch: Touch) -> tuple[int, int]:
        section, index = _entry(touch.because) if touch.because else ("", 0)
        return sections.get(section, -1), index

    return place


def _entry(because: str) -> tuple[str, int]:
    match = re.match(r"([^.\[]+)(?:\[(\d+)\])?", because)
    return (match[1], int(match[2] or 0)) if match else (because, 0)
