"""The table that says whether a machine may start its etcd member."""

from __future__ import annotations

import pytest

from provision.cluster.decide import (
    AlreadyMember,
    Bootstrap,
    Decision,
    Observation,
    Refuse,
    RegisteredMember,
    Spec,
    Wait,
    decide,
)

SPEC = Spec("node1", "http://10.0.0.1:8080/discovery/t", ("http://10.0.0.11:2380",))
SELF = RegisteredMember("node1", ("http://10.0.0.11:2380",))
SELF_WAITING = RegisteredMember("node1", ("http://10.0.0.11:2380",), started=False)
OTHER = RegisteredMember("node2", ("http://10.0.0.12:2380",))
THIRD = RegisteredMember("node3", ("http://10.0.0.13:2380",))
NAMESAKE = RegisteredMember("node1", ("http://10.0.0.99:2380",))


def seen(*members: RegisteredMember, size: int = 3, has_data: bool = False) -> Observation:
    return Observation(has_data=has_data, size=size, members=members)


@pytest.mark.parametrize(
    ("observation", "decision"),
    [
        pytest.param(seen(), Bootstrap(3), id="first of three"),
        pytest.param(seen(OTHER, THIRD), Bootstrap(1), id="last of three"),
        pytest.param(seen(SELF, OTHER), Bootstrap(1), id="power-cycled while the cluster was incomplete"),
        pytest.param(
            seen(SELF_WAITING, OTHER, THIRD), Bootstrap(0), id="completed while it was off, never started"
        ),
        pytest.param(seen(SELF, OTHER, THIRD, has_data=True), AlreadyMember(), id="its data is on disk"),
        pytest.param(Observation(has_data=False, trouble="refused"), Wait("refused"), id="registry away"),
        pytest.param(
            Observation(has_data=True, trouble="refused"), AlreadyMember(), id="registry away, data on disk"
        ),
    ],
)
def test_a_machine_that_may_start_or_must_wait(observation: Observation, decision: Decision) -> None:
    assert decide(SPEC, observation) == decision


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        pytest.param(seen(SELF, OTHER, THIRD), "its data is gone", id="came back with empty memory"),
        pytest.param(seen(OTHER, THIRD, size=2), "already has its 2 members", id="one too many"),
        pytest.param(seen(NAMESAKE), "another machine is registered as 'node1'", id="name taken"),
    ],
)
def test_a_machine_that_is_refused_is_told_why_and_what_to_do(observation: Observation, words: str) -> None:
    decision = decide(SPEC, observation)

    assert isinstance(decision, Refuse)
    assert words in decision.reason
    assert decision.hint
