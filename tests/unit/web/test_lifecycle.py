"""What a reload takes over, and how long a stop waits."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

import pytest

from pxeserver.boot.decide import DhcpMode
from pxeserver.config import DhcpSettings, ServerSettings
from pxeserver.lifecycle import Signals, finish, reread

OLD = ServerSettings(DhcpSettings(lease_s=600))


def test_leases_and_days_change_at_once_and_ports_wait_for_a_restart() -> None:
    new = ServerSettings(DhcpSettings(lease_s=900), http_port=80, assets_url="http://cdn", keep_days=7)

    taken = reread(OLD, new)

    assert taken.settings == replace(OLD, dhcp=DhcpSettings(lease_s=900), keep_days=7)
    assert (taken.changed, taken.kept) == (("dhcp", "keep_days"), ("assets_url", "http_port"))


def test_the_mode_waits_for_a_restart_and_the_rest_of_dhcp_does_not() -> None:
    taken = reread(OLD, ServerSettings(DhcpSettings(mode=DhcpMode.FULL, lease_s=900)))

    assert taken.settings.dhcp == DhcpSettings(mode=OLD.dhcp.mode, lease_s=900)
    assert (taken.changed, taken.kept) == (("dhcp",), ("dhcp.mode",))


def test_nothing_new_changes_nothing() -> None:
    assert reread(OLD, OLD) == reread(OLD, replace(OLD))
    assert reread(OLD, OLD).changed == reread(OLD, OLD).kept == ()


@pytest.mark.parametrize(
    ("part_s", "sent", "is_finished"),
    [
        pytest.param(0.01, [], True, id="all finish"),
        pytest.param(0.01, [signal.SIGHUP], True, id="a reload is no reason to hurry"),
        pytest.param(60.0, [signal.SIGHUP, signal.SIGTERM], False, id="a second signal ends it"),
        pytest.param(60.0, [], False, id="the time is up"),
    ],
)
def test_a_stop_waits_for_transfers_a_second_signal_or_its_time(
    part_s: float, sent: list[signal.Signals], is_finished: bool
) -> None:
    async def stop() -> bool:
        signals: Signals = asyncio.Queue()
        for number in sent:
            signals.put_nowait(number)
        return await finish((asyncio.sleep(part_s), asyncio.sleep(0)), signals, within_s=0.3)

    assert asyncio.run(asyncio.wait_for(stop(), 5)) is is_finished
