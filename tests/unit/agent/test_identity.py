"""Which machine this is: what the platform's answer, or none, does to its identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs

from provision.agent import World, apply_stage
from provision.errors import ExitCode, SourceError
from provision.execute.command import Completed
from provision.execute.journal import Journal, RunStatus, read_status
from provision.execute.target import Target
from provision.platforms.contract import Provided
from provision.platforms.identity import Identity, Memory, Verdict, judge
from provision.platforms.memory import memory
from provision.platforms.source import Source
from provision.sections.network.types import Interface, Match, Network
from tests.unit.agent.test_first_boot import MAC, Stage

SOURCE = Source("ec2", MAC, "", None, None)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHn3o8vT7pP3Yk1m9kq2s0b5h6n7f8d9e0a1b2c3d4e5 ops"
BEFORE = Identity("ec2", "i-1")


@pytest.mark.parametrize(
    ("before", "provided", "verdict"),
    [
        pytest.param(None, Provided(instance_id="i-1"), Verdict.FIRST, id="never seen"),
        pytest.param(BEFORE, Provided(instance_id="i-1"), Verdict.SAME, id="same id"),
        pytest.param(BEFORE, Provided(instance_id="i-2"), Verdict.NEW, id="another id: a copied disk"),
        pytest.param(BEFORE, Provided(), Verdict.SAME, id="an answer without an id proves nothing"),
        pytest.param(Identity("ec2", None), Provided(instance_id="i-2"), Verdict.SAME, id="no id was known"),
        pytest.param(
            Identity("gce", "i-1"), Provided(instance_id="i-2"), Verdict.SAME, id="another platform"
        ),
        pytest.param(
            BEFORE, Provided(instance_id="i-1", is_redacted=True), Verdict.REDACTED, id="config taken away"
        ),
        pytest.param(BEFORE, Provided(instance_id="i-2", is_redacted=True), Verdict.NEW, id="copied since"),
    ],
)
def test_what_an_answer_says_about_the_machine(
    before: Identity | None, provided: Provided, verdict: Verdict
) -> None:
    assert judge(before, "ec2", provided) is verdict


@dataclass
class Kept:
    """A machine's memory, and what was done to the machine."""

    identity: Identity | None = None
    done: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)

    def memory(self) -> Memory:
        redact = partial(self.done.append, "redact")
        return Memory(self._recall, self._keep, self._renew, redact, self.marked.append)

    def _recall(self) -> Identity | None:
        return self.identity

    def _keep(self, identity: Identity) -> None:
        self.identity = identity
        self.done.append("keep")

    def _renew(self) -> str:
        self.done.append("renew")
        return "new SSH host keys made"


def world(stage: Stage, kept: Kept, answer: Provided | SourceError) -> World:
    def read() -> Provided:
        if isinstance(answer, SourceError):
            raise answer
        return answer

    return structs.replace(stage.world(), read=read, memory=kept.memory())


def test_the_first_boot_keeps_the_identity_and_then_has_the_config_taken_away() -> None:
    stage, kept = Stage([]), Kept()

    code, _ = apply_stage(
        SOURCE, world(stage, kept, Provided(b"hostname: a\n", instance_id="i-1")), keep_trying=False
    )

    assert code is ExitCode.DONE
    assert (kept.identity, kept.done) == (BEFORE, ["keep", "redact"])


def test_a_known_machine_whose_source_is_away_stays_what_it_is_and_says_so() -> None:
    stage, kept = Stage([]), Kept(BEFORE)

    code, record = apply_stage(SOURCE, world(stage, kept, SourceError("no answer")), keep_trying=True)

    assert code is ExitCode.DONE
    assert record is not None
    assert (stage.story(), stage.applied, kept.done) == (["config failed"], [], [])
    assert kept.marked == ["no answer"]
    assert stage.told[0].message == "degraded: no answer; the machine stays what it was at its last boot"


def test_a_machine_that_is_not_known_and_gets_no_answer_fails() -> None:
    stage, kept = Stage([]), Kept()

    code, _ = apply_stage(SOURCE, world(stage, kept, SourceError("no answer")), keep_trying=False)

    assert (code, kept.done) == (ExitCode.NO_SOURCE, [])


def test_a_copied_machine_gets_keys_of_its_own_once() -> None:
    stage, kept = Stage([]), Kept(BEFORE)
    copy = world(stage, kept, Provided(b"hostname: b\n", instance_id="i-2"))

    apply_stage(SOURCE, copy, keep_trying=False)
    apply_stage(SOURCE, copy, keep_trying=False)

    assert kept.done.count("renew") == 1
    assert kept.identity == Identity("ec2", "i-2")
    assert stage.told[1].message == "new machine i-2: new SSH host keys made"


def test_a_config_that_was_taken_away_is_not_an_empty_one() -> None:
    stage, kept = Stage([]), Kept(BEFORE)

    code, _ = apply_stage(
        SOURCE, world(stage, kept, Provided(instance_id="i-1", is_redacted=True)), keep_trying=False
    )

    assert (code, stage.applied, kept.done) == (ExitCode.DONE, [], [])


def planned(config: bytes | None, provided: Provided) -> dict[str, object]:
    stage = Stage([])
    code, _ = apply_stage(
        SOURCE, world(stage, Kept(), structs.replace(provided, user_data=config)), keep_trying=False
    )
    assert code is ExitCode.DONE, stage.told
    return {step.because: step.action for step in stage.applied[0].steps}


CLOUD = Provided(
    hostname="from-cloud",
    ssh_keys=(KEY,),
    network=Network(interfaces=(Interface(name="nic0", match=Match(mac=MAC), dhcp="ipv4"),)),
    facts={"public_ipv4": "52.1.2.3"},
)


def test_what_the_platform_says_holds_where_the_config_says_nothing() -> None:
    made = planned(None, CLOUD)

    assert made["hostname"].content == b"from-cloud\n"  # type: ignore[attr-defined]
    assert made["users[0].ssh_authorized_keys"].keys == (KEY,)  # type: ignore[attr-defined]
    assert any(because.startswith("network") for because in made)


def test_the_config_comes_before_what_the_platform_says() -> None:
    other = KEY.replace("AAAAIHn3", "AAAAIHn4")
    config = f"hostname: mine\nnetwork: {{}}\nusers: [{{name: ops, ssh_authorized_keys: ['{other}']}}]\n"

    made = planned(config.encode(), CLOUD)

    assert made["hostname"].content == b"mine\n"  # type: ignore[attr-defined]
    assert made["users[0].ssh_authorized_keys"].keys == (other,)  # type: ignore[attr-defined]
    assert sorted(made) == ["hostname", "users[0]", "users[0].ssh_authorized_keys"]


def test_what_the_platform_knows_can_be_used_in_variables() -> None:
    made = planned(b"files: [{path: /a, content: '${facts.public_ipv4} ${facts.platform}'}]\n", CLOUD)

    assert made["files[0]"].content == b"52.1.2.3 ec2"  # type: ignore[attr-defined]


def test_metadata_that_the_language_does_not_take_is_left_out_and_said() -> None:
    bad = Network(interfaces=(Interface(name="a\n[Network]", match=Match(mac="x")),))
    stage = Stage([])

    apply_stage(
        SOURCE, world(stage, Kept(), Provided(ssh_keys=("ssh-rsa x", KEY), network=bad)), keep_trying=False
    )

    assert len(stage.applied[0].steps) == 2
    assert "ssh_keys is not used" in stage.told[0].message
    assert "network.interfaces[0].name is not used" in stage.told[0].message


def test_host_keys_are_made_anew_only_where_there_are_some(tmp_path: Path) -> None:
    ran: list[list[str]] = []

    def programs(arguments: list[str], *, stdin: str = "") -> Completed:
        ran.append(arguments)
        return Completed(0, "", "")

    kept = memory(tmp_path, redact=lambda: None, programs=programs)
    assert kept.renew() == "it has no SSH host keys of another"
    assert ran == []
    ssh = tmp_path / "etc/ssh"
    ssh.mkdir(parents=True)
    for name in ("ssh_host_ed25519_key", "ssh_host_ed25519_key.pub", "sshd_config"):
        (ssh / name).write_text("x")

    assert kept.renew() == "new SSH host keys made"

    assert [path.name for path in ssh.iterdir()] == ["sshd_config"]
    assert ran == [["ssh-keygen", "-A", "-f", str(tmp_path)]]


def test_the_status_of_a_machine_says_that_it_is_degraded_and_why(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        target.make_parents("/var/lib/provision/status.json")
        Journal(target).write_status(RunStatus("done", "2026-01-01T00:00:00Z", created=3))

        memory(tmp_path, redact=lambda: None).degrade("no answer")

        status = read_status(target)
    assert status is not None
    assert (status.result, status.created, status.message) == ("done", 3, "degraded: no answer")


def test_an_identity_is_kept_for_root_alone_and_one_that_is_broken_is_none(tmp_path: Path) -> None:
    kept = memory(tmp_path, redact=lambda: None)
    kept.keep(BEFORE)
    place = tmp_path / "var/lib/provision/instance.json"

    assert kept.recall() == BEFORE
    assert place.stat().st_mode & 0o777 == 0o600
    place.write_text('{"platform": 5')
    assert kept.recall() is None
