"""What a reload takes over, and how long a stop waits."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, replace

import pytest

from pxeserver.boot.decide import DhcpMode
from pxeserver.config import DhcpSettings, ServerSettings, SubnetSettings
from pxeserver.errors import StartError
from pxeserver.lifecycle import Running, Signals, finish, reread


def leases(lease_s: int, mode: DhcpMode = DhcpMode.PROXY) -> DhcpSettings:
    return DhcpSettings(mode=mode, own=SubnetSettings(lease_s=lease_s))


OLD = ServerSettings(leases(600))


def test_leases_and_days_change_at_once_and_ports_wait_for_a_restart() -> None:
    new = ServerSettings(leases(900), http_port=80, assets_url="http://cdn", keep_days=7)

    taken = reread(OLD, new)

    assert taken.settings == replace(OLD, dhcp=leases(900), keep_days=7)
    assert (taken.changed, taken.kept) == (("dhcp", "keep_days"), ("assets_url", "http_port"))


def test_the_mode_waits_for_a_restart_and_the_rest_of_dhcp_does_not() -> None:
    taken = reread(OLD, ServerSettings(leases(900, DhcpMode.FULL)))

    assert taken.settings.dhcp == leases(900, OLD.dhcp.mode)
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


@dataclass
class Dhcp:
    """Stands for a DHCP server: writes down what becomes of it."""

    lease_s: int
    told: list[str]

    async def start(self) -> None:
        if self.lease_s == 666:
            raise StartError("no such lease")
        self.told.append(f"start {self.lease_s}")

    async def stop(self) -> None:
        self.told.append(f"stop {self.lease_s}")


@pytest.mark.parametrize(
    ("lease_s", "told", "goes_on_with_s"),
    [
        pytest.param(900, ["start 600", "stop 600", "start 900", "stop 900"], 900, id="new settings"),
        pytest.param(600, ["start 600", "stop 600"], 600, id="the same settings"),
        pytest.param(666, ["start 600", "stop 600", "start 600", "stop 600"], 600, id="settings that fail"),
    ],
)
def test_a_reload_never_leaves_the_network_without_dhcp(
    lease_s: int, told: list[str], goes_on_with_s: int
) -> None:
    heard: list[str] = []

    async def reload() -> ServerSettings:
        running = Running(OLD)
        await running.start_dhcp(lambda settings: Dhcp(settings.dhcp.own.lease_s, heard))
        await running.take(ServerSettings(leases(lease_s)), ())
        settings = running.settings
        await running.finish(asyncio.Queue())
        return settings

    assert asyncio.run(reload()).dhcp.own.lease_s == goes_on_with_s
    assert heard == told
