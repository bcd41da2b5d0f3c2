"""The boot-step table, the numbering of boots, and the sequence read from events."""

from __future__ import annotations

import pytest

from pxeserver.boot.events import Event, Result, StoredEvent
from pxeserver.boot.steps import STEP_IDS, BootState, expected_steps, next_boot, sequence_of


def stored(number: int, step: str, result: Result = Result.OK) -> StoredEvent:
    return StoredEvent(number, 1, float(number), Event("52:54:00:00:00:01", step, result))


def test_the_steps_are_in_the_order_in_which_a_machine_passes_them() -> None:
    assert " ".join(STEP_IDS) == (
        "offer lease script kernel initrd network image verify root config validate apply start register join"
    )


@pytest.mark.parametrize(
    ("dhcp_mode", "etcd", "absent"),
    [
        pytest.param("full", True, set(), id="our own DHCP and a cluster: everything"),
        pytest.param("proxy", True, {"lease"}, id="another server gives the addresses"),
        pytest.param("off", True, {"offer", "lease"}, id="DHCP is none of our business"),
        pytest.param("full", False, {"register", "join"}, id="no cluster, nothing to join"),
    ],
)
def test_a_boot_passes_the_steps_that_its_network_and_group_ask_for(
    dhcp_mode: str, etcd: bool, absent: set[str]
) -> None:
    steps = expected_steps(dhcp_mode=dhcp_mode, etcd=etcd)

    assert set(STEP_IDS) - set(steps) == absent


@pytest.mark.parametrize(
    ("previous", "step", "number"),
    [
        pytest.param(None, "offer", 1, id="the first thing ever heard of a machine"),
        pytest.param(BootState(1, has_script=False), "offer", 1, id="firmware repeats its DISCOVER"),
        pytest.param(BootState(1, has_script=False), "script", 1, id="the script belongs to the offer"),
        pytest.param(BootState(1, has_script=True), "offer", 2, id="power-cycled after its script"),
        pytest.param(BootState(4, has_script=True), "script", 5, id="asks for a script again: started again"),
        pytest.param(BootState(2, has_script=True), "kernel", 2, id="goes on with its boot"),
        pytest.param(BootState(2, has_script=True), "lease", 2, id="an ack alone begins nothing"),
    ],
)
def test_only_an_offer_or_script_after_a_script_begins_a_new_boot(
    previous: BootState | None, step: str, number: int
) -> None:
    assert next_boot(previous, step) == number


def test_the_sequence_is_the_first_success_of_each_step() -> None:
    events = [
        stored(1, "offer"),
        stored(2, "script", Result.FAILED),
        stored(3, "offer"),
        stored(4, "script"),
        stored(5, "image", Result.START),
        stored(6, "image"),
    ]

    assert sequence_of(events) == ("offer", "script", "image")
