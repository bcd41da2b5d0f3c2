"""Which jobs changed files give to a running system, and in which order."""

from __future__ import annotations

import pytest

from provision.actions import EnableUnit, MaskUnit, Step, WriteFile
from provision.facts import Facts
from provision.load import load_bytes
from provision.plan.activation import (
    Became,
    Job,
    Touch,
    Verb,
    activation,
    after_each_other,
    changes_network,
    merged,
    undoing,
    unit_of,
)
from provision.plan.build import plan

UNITS = "/etc/systemd/system"


def told(jobs: tuple[Job, ...]) -> list[str]:
    return [f"{job.verb} {job.unit}".strip() for job in jobs]


def changed(path: str, because: str | None = "x") -> Touch:
    return Touch(Became.PRESENT, path, because)


def gone(path: str) -> Touch:
    return Touch(Became.ABSENT, path)


@pytest.mark.parametrize(
    ("touch", "jobs"),
    [
        (changed(f"{UNITS}/a.service"), ["daemon-reload", "try-restart a.service"]),
        (changed(f"{UNITS}/a.service.d/x.conf"), ["daemon-reload", "try-restart a.service"]),
        (gone(f"{UNITS}/a.service.d/x.conf"), ["daemon-reload", "try-restart a.service"]),
        (gone(f"{UNITS}/a.service"), ["stop a.service", "daemon-reload"]),
        (changed(f"{UNITS}/a@.service"), ["daemon-reload", "try-restart a@*.service"]),
        (gone(f"{UNITS}/a@.service"), ["stop a@*.service", "daemon-reload"]),
        (changed(f"{UNITS}/a-.service.d/x.conf"), ["daemon-reload", "try-restart a-*.service"]),
        (changed(f"{UNITS}/service.d/x.conf"), ["daemon-reload"]),
        (changed(f"{UNITS}/multi-user.target.wants/a.service"), ["daemon-reload"]),
        (changed("/etc/systemd/system-preset/20-provision.preset"), ["daemon-reload"]),
        (changed("/etc/systemd/system.conf.d/p.conf"), ["daemon-reload"]),
        (changed(f"{UNITS}/a.slice"), ["daemon-reload", "postpone a.slice"]),
        (changed(f"{UNITS}/dbus.service.d/x.conf"), ["daemon-reload", "postpone dbus.service"]),
        (changed("/etc/systemd/network/1.network"), ["network reload"]),
        (gone("/etc/systemd/network/1.network.d/x.conf"), ["network reload"]),
        (
            changed("/etc/systemd/network/1.netdev"),
            ["network reload", "postpone /etc/systemd/network/1.netdev"],
        ),
        (changed("/etc/systemd/network/1.link"), ["udev reload"]),
        (changed("/etc/hostname"), ["set hostname"]),
        (gone("/etc/hostname"), []),
        (changed("/etc/sysctl.d/80-provision.conf"), ["apply settings systemd-sysctl.service"]),
        (changed("/etc/modules-load.d/a.conf"), ["apply settings systemd-modules-load.service"]),
        (changed("/etc/ssh/ssh_host_ed25519_key"), ["try-reload-or-restart ssh.service"]),
        (changed("/etc/containers/systemd/web.container"), ["daemon-reload", "restart web.service"]),
        (gone("/etc/containers/systemd/web.container"), ["stop web.service", "daemon-reload"]),
        (changed("/etc/systemd/user/a.service"), []),
        (changed("/etc/localtime"), []),
        (changed("/etc/motd"), []),
        (Touch(Became.ENABLED, "a.service"), ["daemon-reload", "restart a.service"]),
        (Touch(Became.DISABLED, "a.service"), ["stop a.service", "daemon-reload"]),
        (Touch(Became.MASKED, "a.service"), ["stop a.service", "daemon-reload"]),
        (Touch(Became.UNMASKED, "a.service"), ["daemon-reload"]),
        (Touch(Became.ENABLED, "a.target"), ["daemon-reload", "start a.target"]),
        (
            Touch(Became.ENABLED, "systemd-networkd.service"),
            ["daemon-reload", "start systemd-networkd.service"],
        ),
        (
            Touch(Became.DISABLED, "systemd-networkd.service"),
            ["daemon-reload", "postpone systemd-networkd.service"],
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Touch) else "",
)
def test_a_change_gives_these_jobs(touch: Touch, jobs: list[str]) -> None:
    assert told(activation((), [touch])) == jobs


def test_an_enabled_unit_is_started_even_when_it_does_not_run() -> None:
    steps = (Step(EnableUnit("a.service", True), "units[0].enable"),)

    assert told(activation(steps, [changed(f"{UNITS}/a.service")])) == ["daemon-reload", "restart a.service"]


def test_a_unit_that_is_masked_stays_stopped_whatever_its_drop_in_says() -> None:
    touches = [Touch(Became.MASKED, "a.service", "units[0].mask"), changed(f"{UNITS}/a.service.d/x.conf")]

    assert told(activation((), touches)) == ["stop a.service", "daemon-reload"]


def test_systemd_is_reloaded_once_and_units_follow_the_order_of_the_config() -> None:
    config = b"""
hostname: node1
units:
  - {name: c.service, enable: true}
  - {name: b.service, content: "[Service]\\nExecStart=/b\\n", enable: false}
  - {name: a.service, content: "[Service]\\nExecStart=/a\\n[Install]\\nWantedBy=a.target\\n", enable: true}
network:
  interfaces:
    - {name: lan, match: {name: "en*"}, dhcp: ipv4}
kernel:
  sysctl: {vm.swappiness: 1}
commands:
  - {name: last, once: true, command: [/bin/true]}
"""
    document = load_bytes(config, file="c.yaml").document
    assert document is not None
    steps = plan(document, Facts()).steps

    jobs = activation(steps, [touch for step in steps for touch in touches_of_new(step)])

    assert told(jobs) == [
        "stop b.service",
        "daemon-reload",
        "set hostname",
        "apply settings systemd-sysctl.service",
        "network reload",
        "restart c.service",
        "restart a.service",
        "restart provision-command-last.service",
    ]
    assert changes_network(jobs)


def touches_of_new(step: Step) -> list[Touch]:
    match step.action:
        case WriteFile(path=path):
            return [changed(path, step.because)]
        case EnableUnit(name=name, enabled=enabled):
            return [Touch(Became.ENABLED if enabled else Became.DISABLED, name, step.because)]
        case MaskUnit(name=name):
            return [Touch(Became.MASKED, name, step.because)]
        case _:
            return []


def test_a_changed_script_or_secret_restarts_the_unit_of_its_config_entry() -> None:
    steps = (
        Step(WriteFile("/var/lib/provision/scripts/x", b""), "commands[0]"),
        Step(EnableUnit("provision-command-x.service", True), "commands[0]"),
        Step(EnableUnit("provision-command-y.service", True), "commands[1]"),
    )

    jobs = activation(steps, [changed("/var/lib/provision/scripts/x", "commands[0]")])

    assert told(jobs) == ["restart provision-command-x.service"]


def test_a_job_decided_anew_replaces_the_pending_one_and_the_rest_stays() -> None:
    pending = (Job(Verb.DAEMON_RELOAD), Job(Verb.RESTART, "a.service"), Job(Verb.RESTART, "b.service"))

    jobs = merged((), pending, (Job(Verb.STOP, "a.service"), Job(Verb.DAEMON_RELOAD)))

    assert told(jobs) == ["stop a.service", "daemon-reload", "restart b.service"]


def test_a_unit_that_a_cut_run_stopped_is_started_when_it_is_wanted_after_all() -> None:
    steps = (Step(EnableUnit("a.service", True), "units[0].enable"),)

    assert told(merged(steps, (Job(Verb.STOP, "a.service"),), ())) == ["restart a.service"]


def test_units_wait_for_those_before_them_and_a_cycle_does_not_hang() -> None:
    jobs = tuple(Job(Verb.RESTART, name) for name in ("a", "b", "c"))

    assert told(after_each_other(jobs, {"a": frozenset({"c"})})) == ["restart c", "restart a", "restart b"]
    cycle = {"a": frozenset({"b"}), "b": frozenset({"a"})}
    assert sorted(told(after_each_other(jobs, cycle))) == ["restart a", "restart b", "restart c"]


def test_going_back_runs_again_what_ran_and_stops_what_did_not() -> None:
    begun = (
        Job(Verb.STOP, "old.service"),
        Job(Verb.DAEMON_RELOAD),
        Job(Verb.NETWORK_RELOAD),
        Job(Verb.RESTART, "new.service"),
        Job(Verb.RESTART, "kept.service"),
        Job(Verb.TRY_RESTART, "a@*.service"),
        Job(Verb.POSTPONE, "dbus.service"),
    )

    assert told(undoing(begun, {"old.service", "kept.service"})) == [
        "stop new.service",
        "daemon-reload",
        "network reload",
        "restart old.service",
        "restart kept.service",
        "try-restart a@*.service",
    ]


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/usr/lib/systemd/system/a.timer", "a.timer"),
        ("/etc/systemd/system/a.conf", None),
        ("/etc/systemd/system/a.service.d/x.txt", None),
        ("/etc/systemd/user/a.service", None),
        ("/srv/etc/systemd/system/a.service", None),
    ],
)
def test_a_unit_is_known_by_where_its_file_is(path: str, unit: str | None) -> None:
    assert unit_of(path) == unit
