"""The transfer state machine: what is sent after which event, until the end."""

from __future__ import annotations

import pytest

from pxeserver.tftp.negotiate import Terms
from pxeserver.tftp.transfer import NOTHING, Phase, Step, Transfer, acknowledge, ask_again, begin, time_out


def blocks(step: Step) -> list[int]:
    return list(step.send)


def windowed(blocks: int, windowsize: int) -> Transfer:
    """A transfer of that many blocks whose first window is under way."""
    terms = Terms(size_bytes=(blocks - 1) * 512 + 1, windowsize=windowsize, granted={"windowsize": "x"})
    return acknowledge(begin(terms).transfer, 0).transfer


def run_to_end(transfer: Transfer, *, first_ack: int) -> list[int]:
    """All blocks sent to a client that acknowledges each window, from the given ACK on."""
    step = acknowledge(transfer, first_ack)
    sent = blocks(step)
    while step.transfer.phase is Phase.SENDING:
        step = acknowledge(step.transfer, step.transfer.sent % 65536)
        sent += blocks(step)
    return sent


def test_without_options_the_first_block_answers_the_request() -> None:
    assert blocks(begin(Terms(size_bytes=1000))) == [1]


def test_with_options_the_oack_comes_first_and_its_ack_starts_the_data() -> None:
    first = begin(Terms(size_bytes=2000, windowsize=3, granted={"windowsize": "3"}))

    assert blocks(first) == [0]
    assert blocks(acknowledge(first.transfer, 0)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("size_bytes", "last"),
    [
        pytest.param(0, 1, id="an empty file is one empty block"),
        pytest.param(511, 1, id="a short block ends it"),
        pytest.param(512, 2, id="a full last block needs an empty one after it"),
        pytest.param(513, 2, id="a byte more"),
    ],
)
def test_a_transfer_ends_with_the_ack_of_a_short_block(size_bytes: int, last: int) -> None:
    step = begin(Terms(size_bytes=size_bytes))
    for block in range(1, last):
        step = acknowledge(step.transfer, block)
        assert blocks(step) == [block + 1]

    ended = acknowledge(step.transfer, last)

    assert (ended.transfer.phase, ended.send) == (Phase.DONE, NOTHING)


def test_a_duplicate_ack_never_sends_a_block_again() -> None:
    first = begin(Terms(size_bytes=5000))
    second = acknowledge(first.transfer, 1)

    duplicate = acknowledge(second.transfer, 1)

    assert duplicate == Step(second.transfer, NOTHING)
    assert duplicate.transfer is second.transfer


def test_an_ack_in_the_middle_of_a_window_starts_the_next_after_it() -> None:
    step = acknowledge(windowed(blocks=20, windowsize=4), 2)

    assert blocks(step) == [3, 4, 5, 6]


def test_a_window_is_sent_again_once_however_often_its_loss_is_reported() -> None:
    transfer = acknowledge(windowed(blocks=20, windowsize=4), 4).transfer

    first = acknowledge(transfer, 4)
    second = acknowledge(first.transfer, 4)

    assert blocks(first) == [5, 6, 7, 8]
    assert second == Step(first.transfer, NOTHING)


def test_repeats_of_the_ack_that_restarted_a_window_restart_it_no_more() -> None:
    restarted = acknowledge(windowed(blocks=20, windowsize=4), 2).transfer

    assert acknowledge(restarted, 2) == Step(restarted, NOTHING)


@pytest.mark.parametrize("block", [3, 9, 40_000, 65_535])
def test_an_ack_outside_the_window_counts_for_nothing(block: int) -> None:
    transfer = acknowledge(windowed(blocks=20, windowsize=4), 4).transfer

    assert acknowledge(transfer, block) == Step(transfer, NOTHING)


@pytest.mark.parametrize("windowsize", [1, 7, 64])
def test_block_numbers_wrap_to_zero_and_no_block_is_left_out(windowsize: int) -> None:
    transfer = windowed(blocks=140_000, windowsize=windowsize)

    sent = run_to_end(transfer, first_ack=transfer.sent)

    assert sent == list(range(windowsize + 1, 140_001))


def test_the_timer_doubles_to_eight_seconds_and_a_lost_client_is_given_up() -> None:
    transfer = acknowledge(windowed(blocks=20, windowsize=2), 2).transfer
    timers_s = []
    while transfer.phase is Phase.SENDING:
        timers_s.append(transfer.timer_s)
        step = time_out(transfer)
        assert blocks(step) == ([3, 4] if step.transfer.phase is Phase.SENDING else [])
        transfer = step.transfer

    assert timers_s == [1, 2, 4, 8, 8, 8]
    assert transfer.phase is Phase.LOST


def test_progress_brings_the_first_timer_back() -> None:
    slow = time_out(time_out(begin(Terms(size_bytes=5000)).transfer).transfer).transfer

    resumed = acknowledge(slow, 1).transfer

    assert (slow.timer_s, slow.silent_s) == (4, 3)
    assert (resumed.timer_s, resumed.silent_s) == (1, 0)


def test_the_timer_starts_with_the_time_the_client_asked_for() -> None:
    transfer = begin(Terms(size_bytes=5000, timeout_s=3, granted={"timeout": "3"})).transfer

    assert [transfer.timer_s, time_out(transfer).transfer.timer_s] == [3, 6]


def test_a_missing_last_ack_is_success() -> None:
    transfer = begin(Terms(size_bytes=10)).transfer
    while transfer.phase is Phase.SENDING:
        transfer = time_out(transfer).transfer

    assert transfer.phase is Phase.UNCONFIRMED


def test_a_repeated_request_repeats_the_first_answer_only() -> None:
    first = begin(Terms(size_bytes=5000)).transfer
    later = acknowledge(first, 1).transfer

    assert blocks(ask_again(first)) == [1]
    assert ask_again(later) == Step(later, NOTHING)


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.LOST, Phase.UNCONFIRMED])
def test_an_ended_transfer_answers_nothing(phase: Phase) -> None:
    ended = windowed(blocks=20, windowsize=4)._replace(phase=phase)

    for step in (acknowledge(ended, 4), ask_again(ended), time_out(ended)):
        assert step == Step(ended, NOTHING)
