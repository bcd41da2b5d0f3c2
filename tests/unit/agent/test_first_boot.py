"""First boot as a script of what the agent tells, with plain functions for the outside world."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from provision.agent import (
    BootRecord,
    Membership,
    World,
    apply_stage,
    decode_record,
    encode_record,
    join_stage,
    pause_before,
    start_stage,
)
from provision.cluster.decide import Observation, RegisteredMember, Spec
from provision.cluster.listed import Listed, Peers
from provision.cluster.peers import PeerCertificates
from provision.errors import ExitCode, ProvisionError, SourceError
from provision.facts import Facts
from provision.findings import FileReport
from provision.plan.build import Plan
from provision.platforms.contract import Provided
from provision.platforms.identity import Memory
from provision.platforms.source import Source
from provision.report.events import Event
from provision.resolve import Includes

MAC = "52:54:00:77:00:01"
NO_MEMORY = Memory(lambda: None, lambda identity: None, lambda: "", lambda: None, lambda reason: None)
SOURCE = Source(
    "pxe",
    MAC,
    "http://10.77.0.1:8080/v1/config/52-54-00-77-00-01",
    "http://10.77.0.1:8080/v1/events",
    "t0k3n",
)
PLAIN = b"hostname: node1\n"
MEMBER = (
    b"hostname: node1\netcd:\n  discovery: http://10.77.0.1:8080/discovery/0123456789abcdef0123456789abcdef\n"
)
ROOM = Observation(has_data=False, size=3)
NOBODY = Peers(has_data=False)
FULL = Observation(
    has_data=False,
    size=1,
    members=(RegisteredMember("node1", ("http://10.77.0.11:2380",)),),
)


@dataclass
class Stage:
    """What the machine said and did. `answers` are given one after the other; an exception is raised."""

    answers: list[bytes | SourceError]
    registry: Observation = ROOM
    peers: Peers = NOBODY
    apply_error: ProvisionError | None = None
    health: list[str | None] = field(default_factory=list)
    settles: list[bool] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    applied: list[Plan] = field(default_factory=list)
    asked: list[Spec] = field(default_factory=list)
    asked_peers: list[tuple[Listed, PeerCertificates | None, str]] = field(default_factory=list)
    explained: list[FileReport] = field(default_factory=list)
    reporting: list[tuple[str, str | None]] = field(default_factory=list)
    others: dict[str, bytes] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)

    def world(self) -> World:
        return World(
            read=lambda: Provided(self._next_answer(), file="52-54-00-77-00-01"),
            memory=NO_MEMORY,
            observe_facts=lambda: Facts(machine=MAC, ipv4="10.77.0.11"),
            observe_registry=self._observe,
            observe_peers=self._observe_peers,
            apply=self._apply,
            member_health=lambda url: self.health.pop(0),
            tell=self.told.append,
            settle=lambda: self.settles.pop(0) if self.settles else True,
            clock=lambda: sum(self.slept),
            sleep=self.slept.append,
            explain=self.explained.append,
            report_to=lambda url, token: self.reporting.append((url, token)),
            includes=Includes(fetch=self._fetch_other, reads_files=False),
        )

    def _fetch_other(self, url: str) -> bytes:
        if url not in self.others:
            raise SourceError(f"cannot fetch {url}")
        return self.others[url]

    def _next_answer(self) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def _observe_peers(self, listed: Listed, certificates: PeerCertificates | None, wal: str) -> Peers:
        self.asked_peers.append((listed, certificates, wal))
        return self.peers

    def _observe(self, spec: Spec, wal: str) -> Observation:
        self.asked.append(spec)
        return self.registry

    def _apply(self, built: Plan, data: bytes) -> str:
        if self.apply_error is not None:
            raise self.apply_error
        self.applied.append(built)
        return "3 created"

    def story(self) -> list[str]:
        return [f"{event.step} {event.result}" for event in self.told]


def test_a_good_config_is_fetched_validated_and_applied_each_step_told_once() -> None:
    stage = Stage([PLAIN])

    code, record = apply_stage(SOURCE, stage.world(), keep_trying=True)

    assert code is ExitCode.DONE
    assert stage.story() == ["config ok", "validate ok", "apply start", "apply ok"]
    assert record == BootRecord(MAC, SOURCE.report_url, "t0k3n", membership=None)


def test_an_unreachable_source_is_told_and_tried_again_until_it_answers() -> None:
    gone = SourceError("cannot fetch", hint="check that the server runs")
    stage = Stage([gone, gone, PLAIN])

    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=True)

    assert code is ExitCode.DONE
    assert stage.story()[:3] == ["config failed", "config failed", "config ok"]
    assert stage.told[0].message == "cannot fetch (check that the server runs); trying again in 2 s"
    assert [event.attempt for event in stage.told[:3]] == [1, 2, 3]
    assert stage.slept == [2, 4]


def test_without_keep_trying_the_exit_code_says_what_kind_of_failure_it_was() -> None:
    unreachable = Stage([SourceError("gone")])
    invalid = Stage([b"hostnam: node1\n"])
    failing = Stage([PLAIN], apply_error=ProvisionError("disk full", path="files[0]"))
    refused = Stage([MEMBER], registry=FULL)

    codes = [
        apply_stage(SOURCE, stage.world(), keep_trying=False)[0]
        for stage in (unreachable, invalid, failing, refused)
    ]

    assert codes == [ExitCode.NO_SOURCE, ExitCode.INVALID_CONFIG, ExitCode.APPLY_FAILED, ExitCode.NOT_JOINED]


def test_an_invalid_config_is_explained_with_its_place_and_nothing_is_applied() -> None:
    stage = Stage([b"hostname: node1\nuser: []\n"])

    apply_stage(SOURCE, stage.world(), keep_trying=False)

    failure = stage.told[-1]
    assert (failure.step, failure.result, failure.path) == ("validate", "failed", "user")
    assert failure.message.startswith("52-54-00-77-00-01:2:1: ")
    assert "users" in failure.message
    assert stage.explained[0].findings
    assert stage.applied == []


def test_a_failing_apply_is_told_with_its_config_path() -> None:
    stage = Stage([PLAIN], apply_error=SourceError("sha256 differs", path="files[0].source"))

    apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert stage.told[-1].path == "files[0].source"
    assert stage.story()[-2:] == ["apply start", "apply failed"]


def test_a_member_asks_the_registry_before_anything_is_written() -> None:
    stage = Stage([MEMBER], registry=FULL)

    apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert stage.asked == [
        Spec(
            "node1",
            "http://10.77.0.1:8080/discovery/0123456789abcdef0123456789abcdef",
            ("http://10.77.0.11:2380",),
        )
    ]
    assert stage.applied == []
    assert stage.story() == ["config ok", "validate ok", "join failed"]
    assert "its data is gone" in stage.told[-1].message


def test_a_registry_that_cannot_be_asked_is_a_failure_that_is_tried_again() -> None:
    stage = Stage([MEMBER], registry=Observation(has_data=False, trouble="http://10.77.0.1:8080: refused"))

    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert code is ExitCode.NO_SOURCE
    assert stage.told[-1].path == "etcd.discovery"


def test_the_record_of_a_member_says_what_the_join_stage_watches() -> None:
    stage = Stage([MEMBER])

    _, record = apply_stage(SOURCE, stage.world(), keep_trying=True)

    assert record is not None
    assert record.membership == Membership(
        "node1", "http://127.0.0.1:2379", "http://10.77.0.1:8080/discovery/0123456789abcdef0123456789abcdef"
    )
    assert decode_record(encode_record(record)) == record


LISTED = b"""\
hostname: node1
etcd:
  initial_cluster:
    node1: ["https://10.77.0.11:2380"]
    node2: ["https://10.77.0.12:2380", "https://10.78.0.12:2380"]
    node3: ["https://10.77.0.13:2380"]
  tls:
    client: {certificate: /tls/node.crt, key: /tls/node.key}
    peer: {certificate: /tls/node.crt, key: /tls/node.key, authority: /tls/ca.crt}
files:
  - {path: /tls/node.key, content: THE KEY, mode: "0600", user: etcd}
"""


def test_a_listed_member_asks_the_others_with_the_files_that_it_is_about_to_write() -> None:
    stage = Stage([LISTED])

    _, record = apply_stage(SOURCE, stage.world(), keep_trying=False)

    others = ("https://10.77.0.12:2380", "https://10.78.0.12:2380", "https://10.77.0.13:2380")
    files = PeerCertificates("/tls/node.crt", "/tls/node.key", "/tls/ca.crt", {"/tls/node.key": b"THE KEY"})
    assert stage.asked == []
    assert stage.asked_peers == [
        (Listed("node1", ("https://10.77.0.11:2380",), others), files, "/var/lib/etcd/default/member/wal")
    ]
    assert stage.story() == ["config ok", "validate ok", "apply start", "apply ok"]
    assert record is not None
    assert record.membership == Membership("node1", "http://127.0.0.1:2381", None)
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize(
    ("peers", "code", "path"),
    [
        pytest.param(
            Peers(False, ((RegisteredMember("node1", ("https://10.77.0.11:2380",)),),)),
            ExitCode.NOT_JOINED,
            "etcd",
            id="its data is gone",
        ),
        pytest.param(Peers(False, (), "refused"), ExitCode.NO_SOURCE, "etcd.initial_cluster", id="no answer"),
    ],
)
def test_a_listed_member_that_may_not_start_writes_nothing(peers: Peers, code: ExitCode, path: str) -> None:
    stage = Stage([LISTED], peers=peers)

    assert apply_stage(SOURCE, stage.world(), keep_trying=False) == (code, None)

    assert stage.applied == []
    assert (stage.told[-1].step, stage.told[-1].path) == ("join", path)
    assert "THE KEY" not in str(stage.told) + repr(stage.asked_peers)


def test_a_member_found_by_dns_has_nobody_to_ask() -> None:
    stage = Stage([b"hostname: node1\netcd: {discovery_srv: lab.example, engine: host}\n"])

    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert code is ExitCode.DONE
    assert (stage.asked, stage.asked_peers) == ([], [])


@pytest.mark.parametrize(("attempt", "pause_s"), [(2, 2), (3, 4), (5, 16), (6, 30), (60, 30)])
def test_pauses_grow_up_to_half_a_minute(attempt: int, pause_s: int) -> None:
    assert pause_before(attempt) == pause_s


RECORD = BootRecord(
    MAC, "http://10.77.0.1:8080/v1/events", "t0k3n", Membership("node1", "http://127.0.0.1:2379", "http://d")
)


def test_start_tells_that_services_start() -> None:
    stage = Stage([])

    assert start_stage(RECORD, stage.world()) is ExitCode.DONE

    assert stage.story() == ["start ok"]


def test_join_waits_until_the_member_is_healthy() -> None:
    stage = Stage([], health=["refused", "no leader", None])

    assert join_stage(RECORD, stage.world(), deadline_s=None, interval_s=1) is ExitCode.DONE

    assert stage.story() == ["join start", "join ok"]
    assert stage.told[-1].duration_ms == 2000


def test_join_gives_up_at_its_deadline_and_says_what_the_member_said_last() -> None:
    stage = Stage([], health=["no leader"] * 10)

    assert join_stage(RECORD, stage.world(), deadline_s=3, interval_s=1) is ExitCode.NOT_JOINED

    assert stage.told[-1].result == "failed"
    assert stage.told[-1].message == "etcd member node1 is not healthy after 4 s: no leader"


def test_join_does_not_end_before_the_server_has_every_event() -> None:
    stage = Stage([], health=[None], settles=[False, False, True])

    assert join_stage(RECORD, stage.world(), deadline_s=None, interval_s=1) is ExitCode.DONE

    assert stage.slept == [1, 1]


def test_a_machine_without_etcd_joins_nothing() -> None:
    stage = Stage([])
    record = BootRecord(MAC, None, None, membership=None)

    assert join_stage(record, stage.world(), deadline_s=None, interval_s=1) is ExitCode.DONE

    assert stage.told == []


def test_the_token_appears_in_no_representation_of_the_source() -> None:
    shown: Callable[[object], str] = repr
    assert "t0k3n" not in shown(SOURCE)


REPORTING = b"""\
hostname: node1
report:
  url: https://status.example/${facts.machine}
  token: s3cret
"""


def test_a_machine_whose_command_line_names_nobody_reports_where_its_config_says() -> None:
    stage = Stage([REPORTING])
    silent = Source("pxe", MAC, SOURCE.config_url, None, "t0k3n")

    code, record = apply_stage(silent, stage.world(), keep_trying=False)

    assert code is ExitCode.DONE
    assert stage.reporting == [(f"https://status.example/{MAC}", "s3cret")]
    assert record == BootRecord(MAC, f"https://status.example/{MAC}", "s3cret", membership=None)


def test_the_boot_script_comes_before_the_config_in_where_to_report() -> None:
    stage = Stage([REPORTING])

    _, record = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert stage.reporting == []
    assert record == BootRecord(MAC, SOURCE.report_url, "t0k3n", membership=None)


BASE_URL = "https://configs.example/base.yaml"


def including(digest: str) -> bytes:
    return f"include: [{{url: {BASE_URL}, sha256: {digest}}}]\n".encode()


def test_a_config_is_built_on_others_from_elsewhere() -> None:
    stage = Stage([including(hashlib.sha256(PLAIN).hexdigest())], others={BASE_URL: PLAIN})

    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert code is ExitCode.DONE
    assert len(stage.applied[0].steps) == 1


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param(including("a" * 64), "sha256 is", id="another digest"),
        pytest.param(b"include: [{file: base.yaml}]\n", "includes no files", id="a file of the initramfs"),
    ],
)
def test_what_cannot_be_included_is_told_and_nothing_is_applied(config: bytes, words: str) -> None:
    stage = Stage([config], others={BASE_URL: PLAIN})

    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert code is ExitCode.INVALID_CONFIG
    assert words in stage.told[-1].message
    assert stage.applied == []


def test_a_template_is_filled_in_from_what_is_known_of_the_machine() -> None:
    text = b"## template: jinja\n#cloud-config\nwrite_files:\n- path: /etc/a\n  content: %s\n"
    known = b"{{ ds.meta_data.local_ipv4 | default('none') }}"

    stage = Stage([text % known, text % b"{{ v1.region }}"])
    code, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)
    refused, _ = apply_stage(SOURCE, stage.world(), keep_trying=False)

    assert (code, refused) == (ExitCode.DONE, ExitCode.INVALID_CONFIG)
    assert [report.findings[0].code for report in stage.explained] == ["template-undefined"]
