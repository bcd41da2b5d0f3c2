"""Whether a machine boots from the network: the whole table."""

from __future__ import annotations

import pytest

from pxeserver.boot.policy import Arming, BootMode, Verdict, after_done, permit

NETWORK, LOCAL, SILENCE = Verdict.NETWORK, Verdict.LOCAL, Verdict.SILENCE


@pytest.mark.parametrize(
    ("mode", "nothing_yet", "armed", "disarmed", "done"),
    [
        pytest.param(BootMode.ALWAYS, NETWORK, NETWORK, LOCAL, NETWORK, id="always"),
        pytest.param(BootMode.ONCE, NETWORK, NETWORK, LOCAL, LOCAL, id="once"),
        pytest.param(BootMode.LOCAL, LOCAL, NETWORK, LOCAL, LOCAL, id="local"),
        pytest.param(BootMode.NEVER, SILENCE, SILENCE, SILENCE, SILENCE, id="never"),
    ],
)
def test_the_verdict(
    mode: BootMode, nothing_yet: Verdict, armed: Verdict, disarmed: Verdict, done: Verdict
) -> None:
    found = [permit(mode, arming).verdict for arming in (None, Arming.ARMED, Arming.DISARMED, Arming.DONE)]

    assert found == [nothing_yet, armed, disarmed, done]
    assert all(permit(mode, arming).reason for arming in (None, *Arming))


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        pytest.param(BootMode.ONCE, None, Arming.DONE, id="once is over"),
        pytest.param(BootMode.ALWAYS, None, None, id="always keeps no count"),
        pytest.param(BootMode.LOCAL, Arming.ARMED, Arming.DONE, id="what was armed for one boot has had it"),
        pytest.param(BootMode.ALWAYS, Arming.DISARMED, Arming.DISARMED, id="disarmed stays disarmed"),
    ],
)
def test_what_a_finished_boot_leaves(mode: BootMode, before: Arming | None, after: Arming | None) -> None:
    assert after_done(mode, before) is after
