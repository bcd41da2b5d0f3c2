"""The stage before the network: a config from a drive, the firmware or a file, applied before services start.

A config that needs the network for its own parts (includes, files behind URLs, etcd's discovery) waits for the stage
with one. Of such a config only the name and the network are made here, so that there will be one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from provision.agent import BootRecord, World, apply_stage
from provision.document import Document
from provision.errors import ExitCode, ProvisionError, SourceError
from provision.plan.build import Plan, plan
from provision.platforms.defaults import beneath, usable
from provision.report.events import Event
from provision.resolve import Includes

if TYPE_CHECKING:
    from provision.cluster.decide import Observation, Spec
    from provision.cluster.listed import Listed, Peers
    from provision.cluster.peers import PeerCertificates
    from provision.execute.command import TimedPrograms
    from provision.findings import FileReport
    from provision.platforms.source import Source

PARTS = ("hostname", "network")
RELOAD_DEADLINE_S = 120.0


def apply_early(source: Source, world: World, root: Path) -> tuple[ExitCode, BootRecord | None]:
    """As `apply_stage`, with no network: DONE without a record means that the next stage has to do it."""
    waiting = _Waiting(root)
    told: list[Event] = []
    explained: list[FileReport] = []
    without = structs.replace(
        world,
        includes=Includes(fetch=waiting.refuse, reads_files=False),
        observe_registry=waiting.refuse_registry,
        observe_peers=waiting.refuse_peers,
        apply=waiting.apply,
        tell=told.append,
        explain=explained.append,
    )
    code, record = apply_stage(source, without, keep_trying=False)
    if waiting.url is None:
        for event in told:
            world.tell(event)
        for report in explained:
            world.explain(report)
        return code, record
    message = f"the config needs the network for {waiting.url}: going on when it is up"
    world.tell(Event(source.machine, "config", "start", message=message))
    if world.memory.recall() is None:  # else it has its network from the last boot
        _make_network(waiting, world, root)
    return ExitCode.DONE, None


class _Waiting:
    """Refuses whatever needs the network, and keeps what for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.url: str | None = None
        self.built: Plan | None = None

    def refuse(self, url: str) -> bytes:
        raise SourceError(self._trouble(url))

    def refuse_registry(self, spec: Spec, wal: str) -> Observation:
        from provision.cluster.decide import Observation

        has_data = Path(wal).is_dir()
        return Observation(has_data, trouble=None if has_data else self._trouble(spec.discovery_url))

    def refuse_peers(self, listed: Listed, _files: PeerCertificates | None, wal: str) -> Peers:
        from provision.cluster.listed import Peers

        has_data = Path(wal).is_dir()
        return Peers(has_data, trouble=None if has_data else self._trouble(", ".join(listed.other_urls)))

    def _trouble(self, url: str) -> str:
        self.url = self.url or url
        return f"{url} needs the network, which is not up yet"

    def apply(self, built: Plan, data: bytes) -> str:
        from provision.execute.target import Target
        from provision.fetch.gather import missing

        self.built = built

        with Target(self._root) as target:
            for remote, _ in missing(built, target):
                self.refuse(remote.url)
        return carry_out(built, data, self._root, is_whole=True)


def carry_out(built: Plan, data: bytes, root: Path, *, is_whole: bool) -> str:
    """Files first, then systemd learns of new units; what runs already is nothing of this config's yet."""
    import hashlib

    from provision.execute.apply import apply
    from provision.execute.journal import Journal
    from provision.execute.running.system import running_system
    from provision.execute.target import Target

    with Target(root) as target:
        journal = Journal(target, config_digest=hashlib.sha256(data).hexdigest())
        outcome = apply(built, target, contents={}, journal=journal, on_step=lambda _: None)
    system = running_system(root)
    if system is not None:
        has_hostname = any(step.because == "hostname" for step in built.steps)
        take_up(system.programs, has_hostname=has_hostname, is_whole=is_whole)
    return f"{outcome.created} created, {outcome.changed} changed, {outcome.unchanged} as they were"


def take_up(programs: TimedPrograms, *, has_hostname: bool, is_whole: bool) -> None:
    """The boot that is going on is told of the new units, and not waited for: it waits for this stage."""
    from provision.execute.command import failure

    commands = [["systemctl", "daemon-reload"], ["systemctl", "--no-block", "start", "default.target"]]
    if is_whole:  # or logins would wait for a network that nobody needs any more
        commands.append(["systemctl", "--no-block", "stop", "provision-network.service"])
    if has_hostname:
        commands.insert(0, ["hostname", "--file", "/etc/hostname"])
    for arguments in commands:
        done = programs(arguments, deadline_s=RELOAD_DEADLINE_S)
        if done.exit_code != 0:
            raise failure(arguments, done)


def _make_network(waiting: _Waiting, world: World, root: Path) -> None:
    """The part of the whole plan, where there is one; of a config that is not whole, what the platform says."""
    if waiting.built is not None:
        built = waiting.built
    else:
        document = beneath(Document(), usable(world.read()))
        built = plan(structs.replace(document, users=()), world.observe_facts())
    steps = tuple(step for step in built.steps if step.because.startswith(PARTS))
    try:
        if steps:
            carry_out(Plan(steps), b"", root, is_whole=False)
    except ProvisionError as error:  # the next stage has what its own network gives it, and will say the rest
        world.tell(Event("", "apply", "failed", message=error.message, path=error.path))
