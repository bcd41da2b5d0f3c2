"""What plan says that apply would do to what runs is what apply then does."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import EnableUnit, Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.journal import read_history
from provision.execute.machine import Machine
from provision.execute.running.effects import Effect, effects, foreseen
from provision.execute.running.system import RunningSystem
from provision.execute.running.unit_states import UnitState
from provision.execute.survey import survey
from provision.execute.target import Target
from provision.plan.activation import Job, Verb
from provision.plan.build import Plan
from tests.unit.execute.running import UNITS, run
from tests.unit.execute.systemd import RUNS, FakeSystemd, after_reboot

NETWORKD = "systemd-networkd.service"
FAILED = "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code"
LOADED = "LoadState=loaded\nActiveState=inactive\nSubState=dead"


def file(path: str) -> Step:
    return Step(WriteFile(path, b"new"), path)


def plan_effects(root: Path, system: RunningSystem, *steps: Step) -> list[Effect]:
    with Target(root) as target:
        found = survey(Plan(steps), Machine(target), read_history(target).owned)
        return list(effects(system, target, found))


DONE = {
    "postponed": "keep",
    "reloaded": "reload",
    "restarted": "restart",
    "applied": "restart",
    "set": "set",
    "started": "start",
    "stopped": "stop",
}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [file(f"{UNITS}/a.service")], ["reload systemd", "restart unit a.service"], id="unit that runs"
        ),
        pytest.param([file(f"{UNITS}/b.service")], ["reload systemd"], id="unit that does not run"),
        pytest.param(
            [file(f"{UNITS}/failed.service")], ["reload systemd", "restart unit failed.service"], id="failed"
        ),
        pytest.param(
            [file(f"{UNITS}/provision.service")],
            ["reload systemd", "keep unit provision.service"],
            id="the unit that apply runs in",
        ),
        pytest.param(
            [file("/etc/systemd/network/1.network"), file("/etc/systemd/network/1.netdev")],
            ["reload network", "keep file /etc/systemd/network/1.netdev"],
            id="network",
        ),
        pytest.param([file("/etc/hostname")], ["set host name of the kernel"], id="host name"),
        pytest.param([file("/etc/udev/rules.d/a")], ["reload udev"], id="udev"),
        pytest.param([file("/etc/sysctl.d/a")], ["restart unit systemd-sysctl.service"], id="settings"),
        pytest.param([file("/etc/vconsole.conf")], [], id="settings of what is not installed"),
        pytest.param([file("/etc/ssh/sshd_config")], ["reload unit ssh.service"], id="reader of a file"),
        pytest.param(
            [file(f"{UNITS}/dbus.service")], ["reload systemd", "keep unit dbus.service"], id="kept running"
        ),
        pytest.param([file("/etc/motd")], [], id="a file that nobody reads"),
    ],
)
def test_plan_foretells_what_apply_does(tmp_path: Path, steps: list[Step], expected: list[str]) -> None:
    names = ["a.service", "dbus.service", "provision.service", "ssh.service", NETWORKD]
    others = {"failed.service": FAILED, "systemd-sysctl.service": LOADED}
    systemd = FakeSystemd(dict.fromkeys(names, RUNS) | others)

    foretold = plan_effects(tmp_path, systemd.running(), *steps)
    assert systemd.calls == []
    systemd.on_call = lambda _: systemd.units.update({"failed.service": RUNS})  # what was wrong is mended
    done = run(tmp_path, systemd.running(), *steps)

    assert [f"{effect.action} {effect.summary}" for effect in foretold] == expected
    assert [(effect.action, effect.summary, effect.because, effect.note) for effect in foretold] == [
        (DONE[step.result], step.summary, step.because, step.message) for step in done if step.result in DONE
    ]


def test_a_unit_that_is_to_run_is_started_and_one_that_goes_is_stopped_first(tmp_path: Path) -> None:
    run(tmp_path, None, file(f"{UNITS}/a.service"), Step(EnableUnit("a.service", True), "units[0]"))
    systemd = FakeSystemd({"a.service": RUNS})

    found = plan_effects(
        tmp_path,
        systemd.running(),
        file(f"{UNITS}/b.service"),
        Step(EnableUnit("b.service", True), "units[0]"),
    )

    assert [f"{effect.action} {effect.summary}" for effect in found] == [
        "stop unit a.service",
        "reload systemd",
        "start unit b.service",
    ]


def test_what_an_interrupted_run_left_is_told_in_the_same_boot_only(tmp_path: Path) -> None:
    step = file(f"{UNITS}/a.service")
    systemd = FakeSystemd({"a.service": RUNS}, refuses={"a.service"})
    with pytest.raises(ProvisionError):
        run(tmp_path, systemd.running(), step)

    assert plan_effects(tmp_path, systemd.running(), step) == [
        Effect("restart", "unit a.service", f"{UNITS}/a.service")
    ]
    assert plan_effects(tmp_path, after_reboot(systemd.running()), step) == []


def test_units_come_in_the_order_that_systemd_wants_of_them() -> None:
    jobs = [Job(Verb.RESTART, "a.service"), Job(Verb.RESTART, "b.service"), Job(Verb.NETWORK_RELOAD)]
    states = {"a.service": UnitState(active="active", after=frozenset(["b.service"]))}

    assert list(foreseen(jobs, states, None)) == [
        Effect("start", "unit b.service"),
        Effect("restart", "unit a.service"),
    ]
