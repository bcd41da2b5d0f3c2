"""Apply on a running system, with a systemd of data: order, deadlines, failures, what is left for the next run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from provision.execute.journal import read_history
from provision.execute.running import previous
from provision.execute.running.jobs import ENDLESS_S, MARGIN_S, JobError
from provision.execute.running.system import RunningSystem, running_system, unit_of_cgroups
from provision.execute.running.unit_states import read_state, read_time_s
from provision.execute.target import Target
from tests.unit.execute.running import UNITS, run, running, unit
from tests.unit.execute.systemd import RUNS, FakeSystemd, after_reboot
from tests.unit.execute.tree import describe_tree


def test_units_are_restarted_after_one_reload_each_with_the_deadline_it_gives_itself(tmp_path: Path) -> None:
    systemd = running("a.service", "b.service")
    systemd.units["a.service"] += "\nTimeoutStartUSec=2min\nTimeoutStopUSec=1min 30s"

    results = run(tmp_path, systemd.running(), unit("a.service"), unit("b.service"))

    assert systemd.told == ["daemon-reload", "try-restart a.service", "try-restart b.service"]
    assert systemd.deadlines_s["a.service"] == 120 + 90 + MARGIN_S
    assert [(r.because, r.summary, r.result) for r in results[-2:]] == [
        ("units[a.service]", "unit a.service", "restarted"),
        ("units[b.service]", "unit b.service", "restarted"),
    ]


def test_nothing_is_asked_of_systemd_when_nothing_changed(tmp_path: Path) -> None:
    run(tmp_path, None, unit("a.service"))
    systemd = running("a.service")

    run(tmp_path, systemd.running(), unit("a.service"))

    assert systemd.calls == []


def test_a_unit_that_does_not_run_is_left_alone(tmp_path: Path) -> None:
    systemd = FakeSystemd()

    run(tmp_path, systemd.running(), unit("a.service"))

    assert systemd.told == ["daemon-reload"]


def test_the_unit_that_apply_runs_in_is_not_restarted(tmp_path: Path) -> None:
    systemd = running("provision.service")

    results = run(tmp_path, systemd.running(), unit("provision.service"))

    assert systemd.told == ["daemon-reload"]
    assert (results[-1].result, results[-1].message) == (
        "postponed",
        "this apply runs in it; restart it yourself",
    )


def test_a_restart_that_does_not_end_is_a_failure_that_names_the_unit(tmp_path: Path) -> None:
    systemd = running("a.service", "b.service")
    systemd.hangs = {"a.service"}

    with pytest.raises(JobError, match=r"units\[a.service\]: a.service did not try-restart within") as caught:
        run(tmp_path, systemd.running(), unit("a.service"), unit("b.service"))

    assert caught.value.log == "last words of --unit=a.service"
    assert "try-restart b.service" in systemd.told


def test_a_unit_that_sets_itself_no_deadline_goes_on_starting(tmp_path: Path) -> None:
    systemd = running("a.service")
    systemd.units["a.service"] += "\nTimeoutStartUSec=infinity"
    systemd.hangs = {"a.service"}

    results = run(tmp_path, systemd.running(), unit("a.service"))

    assert results[-1].result == "starting"
    assert systemd.deadlines_s["a.service"] == ENDLESS_S


def test_a_unit_that_waits_for_others_has_not_failed(tmp_path: Path) -> None:
    """A container whose image is still being pulled, by a unit of its own that may take an hour."""
    systemd = running("web.service")
    systemd.hangs = {"web.service"}
    waits = "LoadState=loaded\nActiveState=inactive\nSubState=dead\nJob=812"

    def stop_and_wait(call: list[str]) -> None:
        if "web.service" in call:
            systemd.units["web.service"] = waits

    systemd.on_call = stop_and_wait

    results = run(tmp_path, systemd.running(), unit("web.service"))

    assert (results[-1].result, results[-1].summary) == ("starting", "unit web.service")


def test_a_failed_restart_is_tried_again_and_the_files_stay(tmp_path: Path) -> None:
    systemd = running("a.service", "b.service")
    systemd.refuses = {"a.service"}
    steps = unit("a.service"), unit("b.service")
    with pytest.raises(JobError, match=r"cannot try-restart a.service: no a.service today"):
        run(tmp_path, systemd.running(), *steps)
    again = running("a.service", "b.service")

    run(tmp_path, again.running(), *steps)

    assert again.told == ["try-restart a.service"]
    assert (tmp_path / "etc/systemd/system/a.service").read_text() == "new"
    assert not (tmp_path / previous.DIRECTORY.lstrip("/")).exists()


def test_a_unit_that_failed_with_its_old_file_is_restarted_with_the_mended_one(tmp_path: Path) -> None:
    systemd = FakeSystemd({"a.service": "LoadState=loaded\nActiveState=failed\nSubState=failed"})
    systemd.on_call = lambda _: (
        systemd.units.update({"a.service": RUNS}) if "restart" in systemd.told[-1] else None
    )

    run(tmp_path, systemd.running(), unit("a.service"))

    assert systemd.told == ["daemon-reload", "restart a.service"]


def test_what_was_still_to_be_done_is_moot_after_a_reboot(tmp_path: Path) -> None:
    systemd = running("a.service")
    systemd.refuses = {"a.service"}
    with pytest.raises(JobError):
        run(tmp_path, systemd.running(), unit("a.service"))
    systemd.calls.clear()

    run(tmp_path, after_reboot(systemd.running()), unit("a.service"))

    assert systemd.calls == []


def test_a_stop_that_fails_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, None, unit("a.service"))
    systemd = running("a.service")
    systemd.refuses = {"a.service"}

    with pytest.raises(JobError, match=r"cannot stop a.service"):
        run(tmp_path, systemd.running(), unit("b.service"))

    assert [line for line in describe_tree(tmp_path) if line.startswith("file")] == [
        f"file 0644 x2 {UNITS}/a.service b'new'"
    ]


def test_jobs_that_are_done_are_not_pending(tmp_path: Path) -> None:
    run(tmp_path, running("a.service").running(), unit("a.service"))

    with Target(tmp_path) as target:
        assert read_history(target).pending == ()


# Which root is the running system.


def make_system(root: Path, *, booted: bool = True, chroot: bool = False) -> Path:
    for folder in ("proc/sys/kernel/random", "proc/self", "proc/1", "run/systemd"):
        (root / folder).mkdir(parents=True)
    if booted:
        (root / "run/systemd/system").mkdir()
    (root / "proc/1/root").symlink_to(root.parent if chroot else root)
    (root / "proc/sys/kernel/random/boot_id").write_text("boot-7\n")
    (root / "proc/self/cgroup").write_text("0::/system.slice/provision-command-x.service\n")
    return root


def test_the_system_that_runs_here_is_known_by_its_root_and_its_systemd(tmp_path: Path) -> None:
    here = make_system(tmp_path / "here")
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(here)

    assert running_system(here, here=here) == RunningSystem("boot-7", "provision-command-x.service")
    assert running_system(tmp_path / "link", here=here) is not None
    assert running_system(tmp_path / "other", here=here) is None
    assert running_system(tmp_path / "missing", here=here) is None


@pytest.mark.parametrize(("booted", "chroot"), [(False, False), (True, True)])
def test_before_systemd_and_in_a_chroot_nothing_runs(tmp_path: Path, booted: bool, chroot: bool) -> None:
    here = make_system(tmp_path / "here", booted=booted, chroot=chroot)

    assert running_system(here, here=here) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope"),
        ("9:name=systemd:/system.slice/a.service\n0::/\n", "a.service"),
        ("4:memory:/x.service\n0::/\n", None),
    ],
)
def test_the_own_unit_is_the_innermost_control_group(text: str, unit: str | None) -> None:
    assert unit_of_cgroups(text) == unit


@pytest.mark.parametrize(
    ("text", "seconds"), [("1min 30s", 90), ("2h 500ms", 7200.5), ("1d", 86400), ("infinity", None)]
)
def test_times_are_read_as_systemd_writes_them(text: str, seconds: float | None) -> None:
    assert read_time_s(text) == seconds


def test_the_state_of_a_unit_is_read_from_its_properties() -> None:
    state = read_state("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nAfter=a b")

    assert (state.is_running, state.has_failed, state.after) == (True, True, frozenset({"a", "b"}))


def test_a_boot_that_is_going_on_is_not_waited_for(tmp_path: Path) -> None:
    """Units that come after the agent's own would wait for it, and it for them."""
    systemd = running("a.service")

    results = run(tmp_path, structs.replace(systemd.running(), waits=False), unit("a.service"))

    assert [
        "systemctl",
        "--no-pager",
        "--no-ask-password",
        "--no-block",
        "try-restart",
        "--",
        "a.service",
    ] in (systemd.calls)
    assert (results[-1].result, results[-1].message) == (
        "starting",
        "the boot that is going on starts it in its turn",
    )
