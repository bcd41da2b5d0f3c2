"""Who is sent away while many downloads run."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from pxeserver.web.admission import Admission

IPXE = "iPXE/1.21.1+git-20220113.fbbdc3926-0ubuntu1"


def test_ipxe_beyond_the_limit_is_told_in_whole_seconds_when_to_come_back() -> None:
    admission = Admission(2)
    with ExitStack() as stack:
        replies = [stack.enter_context(admission.download(IPXE)) for _ in range(5)]

    refusals = [reply for reply in replies if reply is not None]
    assert replies[:2] == [None, None]
    assert [reply.status for reply in refusals] == [503] * 3
    assert [reply.headers for reply in refusals] == [
        (("Retry-After", "3"),),
        (("Retry-After", "4"),),
        (("Retry-After", "5"),),
    ], "not all at the same time"


@pytest.mark.parametrize("user_agent", ["UefiHttpBoot/1.0", "curl/7.88.1", "provision/1", ""])
def test_who_would_not_come_back_is_served_in_any_case(user_agent: str) -> None:
    admission = Admission(1)
    with admission.download(IPXE), admission.download(user_agent) as reply:
        assert reply is None


def test_who_leaves_makes_room_also_after_a_failure() -> None:
    admission = Admission(1)
    with pytest.raises(ConnectionError), admission.download(IPXE):
        raise ConnectionError

    with admission.download(IPXE) as reply:
        assert reply is None


def test_who_was_sent_away_does_not_count() -> None:
    admission = Admission(1)
    with admission.download(IPXE):
        with admission.download(IPXE) as refused:
            assert refused is not None
        with admission.download(IPXE) as refused:
            assert refused is not None, "the first is still there"
