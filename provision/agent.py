"""First boot: fetch the config, validate it, ask whether this machine may join, apply, and tell every step.

`apply_stage` runs before systemd (in our image, from the initramfs), `start_stage` and `join_stage` in the running
system. A step that fails is told with its reason and config path and tried again with growing pauses: the machine
never goes on half configured, and needs no hand when the operator has mended the config.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, structs, to_builtins

from provision.actions import WriteFile
from provision.cluster.decide import Bootstrap, Decision, Observation, Refuse, Spec, Wait, decide
from provision.cluster.listed import Listed, Peers, decide_listed
from provision.errors import ExitCode, ProvisionError, SourceError
from provision.facts import Facts
from provision.findings import FileReport, Finding, Severity
from provision.load import load_bytes
from provision.plan.build import Plan, plan
from provision.platforms.contract import Provided
from provision.platforms.defaults import beneath, usable, with_facts
from provision.platforms.identity import Memory, Verdict, identity_of, judge
from provision.platforms.source import Source
from provision.report.events import Event, Result
from provision.resolve import Resolver
from provision.variables import expand

if TYPE_CHECKING:
    from provision.cluster.peers import PeerCertificates
    from provision.document import Document
    from provision.formats.parts import Instance
    from provision.sections.etcd import Etcd
    from provision.sections.report import Report

LONGEST_PAUSE_S = 30
NO_USER_DATA = b"{}"  # a machine that was given none still gets its name, keys and network


class Membership(Struct, frozen=True):
    """The etcd member that the running system shall become: what `join_stage` watches."""

    name: str
    client_url: str
    discovery_url: str | None


class BootRecord(Struct, frozen=True):
    """What the stage before systemd leaves for the stages after it. Holds the boot token: mode 0600."""

    machine: str
    report_url: str | None
    token: str | None
    membership: Membership | None


class World(Struct, frozen=True):
    """All that the agent does to or learns from the outside, as functions; tests give plain ones.

    `observe_registry` and `observe_peers` end with the path of etcd's log, which is there when the member has data.
    `read` asks the platform and raises SourceError, `apply` raises ProvisionError. `clock` is monotonic, in seconds.
    `member_health` gives None for a healthy member, else why not. `report_to` says from now on whom to tell: a URL
    and its token, a secret.
    """

    read: Callable[[], Provided]
    memory: Memory
    observe_facts: Callable[[], Facts]
    observe_registry: Callable[[Spec, str], Observation]
    observe_peers: Callable[[Listed, PeerCertificates | None, str], Peers]
    apply: Callable[[Plan, bytes], str]
    member_health: Callable[[str], str | None]
    tell: Callable[[Event], None]
    settle: Callable[[], bool]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    explain: Callable[[FileReport], None]
    report_to: Callable[[str, str | None], None]
    includes: Resolver


class StepFailed(Exception):
    """A boot step that did not work: what is told, and the exit code when nobody tries again."""

    def __init__(self, step: str, error: ProvisionError, code: ExitCode) -> None:
        super().__init__(str(error))
        self.step = step
        self.error = error
        self.code = code


def apply_stage(source: Source, world: World, *, keep_trying: bool) -> tuple[ExitCode, BootRecord | None]:
    """Make the machine what its config says. With `keep_trying` it only comes back when that is done.

    A machine that was made so at an earlier boot stays what it is while its source is away.
    """
    for attempt in itertools.count(1):
        steps = _Steps(source.machine, world, attempt)
        try:
            source, membership = _attempt(source, steps)
        except StepFailed as failure:
            if failure.step == "config" and world.memory.recall() is not None:
                steps.tell_degraded(failure)
                return ExitCode.DONE, BootRecord(source.machine, source.report_url, source.token, None)
            pause_s = pause_before(attempt + 1)
            steps.tell_failure(failure, pause_s if keep_trying else None)
            if not keep_trying:
                return failure.code, None
            world.sleep(pause_s)
        else:
            return ExitCode.DONE, BootRecord(source.machine, source.report_url, source.token, membership)
    raise AssertionError("unreachable: count() does not end")


def pause_before(attempt: int) -> int:
    """Seconds to wait before the given attempt (from 2): 2, 4, 8, 16, then 30."""
    return min(1 << (attempt - 1), LONGEST_PAUSE_S)


def start_stage(record: BootRecord, world: World) -> ExitCode:
    """Tell that services start."""
    world.tell(Event(record.machine, "start", "ok", message="network is online, services start"))
    return ExitCode.DONE


def join_stage(record: BootRecord, world: World, *, deadline_s: float | None, interval_s: float) -> ExitCode:
    """Wait until the local etcd member is healthy and the server knows it. Without a deadline: as long as it takes."""
    begun = world.clock()
    if record.membership is not None:
        joined = _watch_member(
            record.machine, record.membership, world, deadline_s=deadline_s, interval_s=interval_s
        )
        if not joined:
            return ExitCode.NOT_JOINED
    while not world.settle():  # the server may be away for now: what it missed is still told
        if deadline_s is not None and world.clock() - begun > deadline_s:
            return ExitCode.NO_SOURCE
        world.sleep(interval_s)
    return ExitCode.DONE


def _watch_member(
    machine: str, member: Membership, world: World, *, deadline_s: float | None, interval_s: float
) -> bool:
    begun = world.clock()
    world.tell(
        Event(machine, "join", "start", message=f"waiting for etcd member {member.name} to be healthy")
    )
    while (trouble := world.member_health(member.client_url)) is not None:
        waited_s = world.clock() - begun
        if deadline_s is not None and waited_s > deadline_s:
            message = f"etcd member {member.name} is not healthy after {waited_s:.0f} s: {trouble}"
            world.tell(Event(machine, "join", "failed", _ms(waited_s), message, path="etcd"))
            return False
        world.sleep(interval_s)
    message = f"etcd member {member.name} is healthy"
    world.tell(Event(machine, "join", "ok", _ms(world.clock() - begun), message))
    return True


def _attempt(source: Source, steps: _Steps) -> tuple[Source, Membership | None]:
    """The source with the place to report to, which it may have from the config, and what to join."""
    provided = steps.config()
    if steps.identify(source.platform, provided) is Verdict.REDACTED:
        return source, None
    document, facts, built = steps.validate(source.platform, provided)
    if source.report_url is None and document.report is not None:
        source = steps.report_to(source, expand(document.report, facts, ("report",)))
    membership = None
    if document.etcd is not None:
        membership = steps.may_join(document.etcd, facts, built)
    steps.apply(built, provided.user_data or NO_USER_DATA)
    steps.remember(source.platform, provided)
    return source, membership


class _Steps:
    """The steps of one attempt, each timed and told."""

    def __init__(self, machine: str, world: World, attempt: int) -> None:
        self._machine = machine
        self._world = world
        self._attempt = attempt
        self._begun = world.clock()

    def config(self) -> Provided:
        self._begin()
        try:
            provided = usable(self._world.read())
        except SourceError as error:
            raise StepFailed("config", error, ExitCode.NO_SOURCE) from error
        said = "no user data" if provided.user_data is None else f"{len(provided.user_data)} bytes"
        self._ok("config", "; ".join([said, *provided.warnings]))
        return provided

    def identify(self, platform: str, provided: Provided) -> Verdict:
        """Only a platform that says so makes this another machine: one that was copied, and needs keys of its own."""
        memory = self._world.memory
        verdict = judge(memory.recall(), platform, provided)
        if verdict is Verdict.NEW:
            self._ok("config", f"{verdict.value} {provided.instance_id}: {memory.renew()}")
            memory.keep(identity_of(platform, provided, None))
        return verdict

    def validate(self, platform: str, provided: Provided) -> tuple[Document, Facts, Plan]:
        """The document, the facts it is planned with, and the plan."""
        self._begin()
        data = provided.user_data or NO_USER_DATA
        facts = with_facts(self._world.observe_facts(), platform, provided)
        loaded = load_bytes(
            data, file=provided.file, resolver=self._world.includes, instance=partial(_instance, facts)
        )
        if loaded.document is None or not loaded.valid:
            self._world.explain(loaded.report)
            raise StepFailed("validate", _first_error(loaded.findings), ExitCode.INVALID_CONFIG)
        document = beneath(loaded.document, provided)
        facts = structs.replace(facts, hostname=document.hostname or facts.hostname)
        try:
            built = plan(document, facts, loaded.origin)
        except ProvisionError as error:  # the config asks for a fact that this machine does not know
            raise StepFailed("validate", error, ExitCode.INVALID_CONFIG) from error
        self._ok("validate", f"{len(built.steps)} resources")
        return document, facts, built

    def remember(self, platform: str, provided: Provided) -> None:
        """Before the config is taken away, or a machine that is cut off in between would wait for it for ever."""
        memory = self._world.memory
        memory.keep(identity_of(platform, provided, memory.recall()))
        memory.redact()

    def report_to(self, source: Source, report: Report) -> Source:
        token = report.token.reveal() if report.token else None
        self._world.report_to(report.url, token)
        return structs.replace(source, report_url=report.url, token=token)

    def may_join(self, etcd: Etcd, facts: Facts, built: Plan) -> Membership:
        """Ask before anything is written: a machine that may not join must not start a member."""
        from provision.sections.etcd.addresses import addresses, health_url

        self._begin()
        etcd = expand(etcd, facts, ("etcd",))
        urls = addresses(etcd, facts)
        decision = self._decision(etcd, urls.advertise_peer, built)
        if isinstance(decision, Wait):
            asked = "discovery" if etcd.discovery is not None else "initial_cluster"
            hint = "is the discovery service running?" if etcd.discovery is not None else None
            error = SourceError(decision.reason, path=f"etcd.{asked}", hint=hint)
            raise StepFailed("join", error, ExitCode.NO_SOURCE)
        if isinstance(decision, Refuse):
            refusal = ProvisionError(decision.reason, path="etcd", hint=decision.hint)
            raise StepFailed("join", refusal, ExitCode.NOT_JOINED)
        return Membership(etcd.name, client_url=health_url(etcd, urls), discovery_url=etcd.discovery)

    def _decision(self, etcd: Etcd, peer_urls: tuple[str, ...], built: Plan) -> Decision:
        from provision.sections.etcd import wal_path

        if etcd.discovery is not None:
            spec = Spec(name=etcd.name, discovery_url=etcd.discovery, peer_urls=peer_urls)
            return decide(spec, self._world.observe_registry(spec, wal_path(etcd)))
        if etcd.initial_cluster is None:
            return Bootstrap(0)  # DNS knows the members' addresses only
        others = tuple(
            url for name, urls in etcd.initial_cluster.items() if name != etcd.name for url in urls
        )
        listed = Listed(etcd.name, peer_urls, others, joins=etcd.initial_cluster_state == "existing")
        certificates = _peer_certificates(etcd, built)
        return decide_listed(listed, self._world.observe_peers(listed, certificates, wal_path(etcd)))

    def apply(self, built: Plan, data: bytes) -> None:
        self._begin()
        self._world.tell(Event(self._machine, "apply", "start", attempt=self._attempt))
        try:
            summary = self._world.apply(built, data)
        except SourceError as error:
            raise StepFailed("apply", error, ExitCode.NO_SOURCE) from error
        except ProvisionError as error:
            raise StepFailed("apply", error, ExitCode.APPLY_FAILED) from error
        self._ok("apply", summary)

    def tell_failure(self, failure: StepFailed, pause_s: int | None) -> None:
        again = "" if pause_s is None else f"; trying again in {pause_s} s"
        hint = f" ({failure.error.hint})" if failure.error.hint else ""
        self._tell(failure.step, "failed", f"{failure.error.message}{hint}{again}", failure.error.path)

    def tell_degraded(self, failure: StepFailed) -> None:
        message = f"degraded: {failure.error.message}; the machine stays what it was at its last boot"
        self._world.memory.degrade(failure.error.message)
        self._tell(failure.step, "failed", message, None)

    def _begin(self) -> None:
        self._begun = self._world.clock()

    def _ok(self, step: str, message: str) -> None:
        self._tell(step, "ok", message, None)

    def _tell(self, step: str, result: Result, message: str, path: str | None) -> None:
        duration_ms = _ms(self._world.clock() - self._begun)
        self._world.tell(Event(self._machine, step, result, duration_ms, message, path, self._attempt))


def _peer_certificates(etcd: Etcd, built: Plan) -> PeerCertificates | None:
    """With what the config itself is about to write: the files are not there yet."""
    from provision.cluster.peers import PeerCertificates

    tls = etcd.tls.peer
    if tls is None:
        return None
    paths = (tls.certificate, tls.key, tls.authority)
    actions = (step.action for step in built.steps)
    planned = {
        action.path: action.content
        for action in actions
        if isinstance(action, WriteFile) and action.path in paths and isinstance(action.content, bytes)
    }
    return PeerCertificates(*paths, planned=planned)


def _instance(facts: Facts) -> Instance:
    from provision.formats.instance import instance_of  # late: most configs are no templates

    return instance_of(facts)


def _first_error(findings: tuple[Finding, ...]) -> ProvisionError:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = f"{first.file}:{first.line}:{first.column}: {first.message}{more}"
    return ProvisionError(message, path=first.path, hint=first.hint)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def encode_record(record: BootRecord) -> str:
    return json.dumps(to_builtins(record)) + "\n"


def decode_record(text: str) -> BootRecord:
    """The record that `encode_record` wrote; ValueError, KeyError or TypeError when it is something else."""
    fields = json.loads(text)
    membership = fields.pop("membership")
    return BootRecord(**fields, membership=Membership(**membership) if membership else None)
