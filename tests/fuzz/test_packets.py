"""The servers stand any packet. `make fuzz` sends ten million, these tests some thousands."""

from __future__ import annotations

import pytest

from tests.fuzz.packets import look

MOST_GROWTH_KIB = 1024  # the allocator's own; a hundred bytes kept of each packet would be more


@pytest.mark.parametrize("seed", range(4))
def test_nothing_but_wire_errors_escapes_and_nothing_is_kept(seed: int) -> None:
    share = look(seed, packets=12_000)

    assert share.understood > share.packets / 10, "real packets are among them"
    assert share.grown_kib < MOST_GROWTH_KIB
