"""The table that says whether a machine may start its member of a listed cluster."""

from __future__ import annotations

import pytest

from provision.cluster.decide import AlreadyMember, Bootstrap, Decision, Refuse, RegisteredMember, Wait
from provision.cluster.listed import Listed, Peers, decide_listed

OWN = ("http://10.0.0.11:2380",)
LISTED = Listed("node1", OWN, ("http://10.0.0.12:2380", "http://10.0.0.13:2380"))
JOINING = Listed("node1", OWN, LISTED.other_urls, joins=True)
STARTED = RegisteredMember("node1", OWN)
AWAITED = RegisteredMember("node1", ("http://10.0.0.11:2380/",), started=False)
ADDED = RegisteredMember("", OWN, started=False)
OTHER = RegisteredMember("node2", ("http://10.0.0.12:2380",))


def seen(*answers: tuple[RegisteredMember, ...], has_data: bool = False, trouble: str | None = None) -> Peers:
    return Peers(has_data, answers, trouble)


@pytest.mark.parametrize(
    ("listed", "peers", "decision"),
    [
        pytest.param(LISTED, seen(), Bootstrap(2), id="the first of all"),
        pytest.param(LISTED, seen((AWAITED, OTHER)), Bootstrap(0), id="the others wait for it"),
        pytest.param(LISTED, seen((STARTED, OTHER), has_data=True), AlreadyMember(), id="it has its data"),
        pytest.param(
            LISTED, seen(has_data=True, trouble="no"), AlreadyMember(), id="data, and nobody to ask"
        ),
        pytest.param(
            LISTED, seen(trouble="no answer"), Wait("no answer"), id="somebody is there, and is silent"
        ),
        pytest.param(LISTED, seen((AWAITED,), trouble="no"), Bootstrap(0), id="one of two answers"),
        pytest.param(JOINING, seen((ADDED, OTHER)), Bootstrap(0), id="added to a running cluster"),
        pytest.param(
            JOINING, seen((AWAITED, OTHER)), Bootstrap(0), id="late to a cluster that runs without it"
        ),
        pytest.param(
            JOINING,
            seen(),
            Wait("no member of the cluster answers at http://10.0.0.12:2380, http://10.0.0.13:2380"),
            id="added, and nobody answers",
        ),
    ],
)
def test_a_machine_that_may_start_or_must_wait(listed: Listed, peers: Peers, decision: Decision) -> None:
    assert decide_listed(listed, peers) == decision


@pytest.mark.parametrize(
    ("listed", "peers", "reason", "hint"),
    [
        pytest.param(LISTED, seen((STARTED, OTHER)), "data is gone", "member remove", id="came back empty"),
        pytest.param(JOINING, seen((STARTED,)), "data is gone", "member remove", id="came back empty again"),
        pytest.param(
            LISTED,
            seen((AWAITED,), (STARTED,)),
            "data is gone",
            "member remove",
            id="one knows more than the other",
        ),
        pytest.param(
            LISTED,
            seen((OTHER,)),
            "the cluster runs without member 'node1' at http://10.0.0.11:2380",
            "`etcdctl member add node1 --peer-urls=http://10.0.0.11:2380`",
            id="removed, or never listed",
        ),
        pytest.param(JOINING, seen((OTHER,)), "runs without member", "member add", id="not added yet"),
        pytest.param(LISTED, seen((ADDED,)), "was added", "existing", id="added, but the config says new"),
    ],
)
def test_a_machine_that_is_refused_is_told_why_and_what_to_do(
    listed: Listed, peers: Peers, reason: str, hint: str
) -> None:
    decision = decide_listed(listed, peers)

    assert isinstance(decision, Refuse)
    assert reason in decision.reason
    assert hint in decision.hint
