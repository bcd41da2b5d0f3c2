"""Apply on a running system, with a systemd of data: order, deadlines, failures, what is left for the next run."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import Step, WriteFile
from provision.errors import ProvisionError
from provision.execute.apply import StepResult, apply
from provision.execute.journal import Journal, read_history
from provision.execute.running import previous
from provision.execute.running.going_back import go_back
from provision.execute.running.jobs import ENDLESS_S, MARGIN_S, JobError
from provision.execute.running.system import RunningSystem, running_system, unit_of_cgroups
from provision.execute.running.unit_states import read_state, read_time_s
from provision.execute.running.worker import Worker
from provision.execute.target import Gate, Target, straight
from provision.plan.build import Plan
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting
from tests.unit.execute.systemd import RUNS, FakeSystemd, after_reboot
from tests.unit.execute.tree import describe_tree

UNITS = "/etc/systemd/system"
MOST_CHANGES = 400


def unit(name: str, text: str = "new") -> Step:
    return Step(WriteFile(f"{UNITS}/{name}", text.encode()), f"units[{name}]")


NETWORK = Step(WriteFile("/etc/systemd/network/1.network", b"new"), "network.interfaces[0]")


def run(root: Path, system: RunningSystem | None, *steps: Step, gate: Gate = straight) -> list[StepResult]:
    results: list[StepResult] = []
    with Target(root, gate=gate) as target:
        journal = Journal(target)
        apply(Plan(steps), target, contents={}, journal=journal, on_step=results.append, system=system)
    return results


def running(*names: str) -> FakeSystemd:
    return FakeSystemd(dict.fromkeys(names, RUNS))


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


def test_an_interrupted_run_is_taken_back_as_well_by_the_one_that_cannot_reload(tmp_path: Path) -> None:
    run(tmp_path, None, unit("a.service", "old"), unit("gone.service"))
    systemd = running("a.service", "gone.service")
    systemd.hangs = {"daemon-reload"}
    systemd.on_call = cut = CutAt("daemon-reload")
    with pytest.raises(PowerCut):
        run(tmp_path, systemd.running(), unit("a.service"))
    systemd.units.pop("gone.service")  # it was stopped
    cut.word = ""
    systemd.calls.clear()

    with pytest.raises(ProvisionError, match="the previous files are back"):
        run(tmp_path, systemd.running(), unit("a.service"))

    assert "restart gone.service" in systemd.told
    assert (tmp_path / "etc/systemd/system/gone.service").exists()
    assert (tmp_path / "etc/systemd/system/a.service").read_text() == "old"


class CutAt:
    """Power that fails when a program is started with this word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, call: list[str]) -> None:
        if self.word in call:
            raise PowerCut


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


def test_a_refused_reload_puts_back_content_mode_links_and_what_was_not_there(tmp_path: Path) -> None:
    wants = tmp_path / "etc/systemd/system/x.target.wants"
    run(tmp_path, None, unit("a.service", "old"), unit("gone.service"))
    (tmp_path / "etc/systemd/system/a.service").chmod(0o600)
    wants.mkdir()
    (wants / "a.service").symlink_to("../a.service")
    before = describe_tree(tmp_path)
    systemd = running("a.service", "gone.service")
    systemd.refuses = {"daemon-reload"}
    # What nobody can foresee: the links that `systemctl enable` makes.
    systemd.on_call = lambda call: (
        (wants / "b.service").symlink_to("../b.service") if "stop" in call else None
    )

    with pytest.raises(ProvisionError, match="no daemon-reload today; the previous files are back"):
        run(tmp_path, systemd.running(), unit("a.service"), unit("b.service"), NETWORK)

    assert describe_tree(tmp_path) == before
    assert systemd.told == ["stop gone.service", *["daemon-reload"] * 2, "restart gone.service"]


def test_what_was_put_back_is_removed_later_when_nobody_asks_for_it(tmp_path: Path) -> None:
    run(tmp_path, None, unit("a.service"), unit("gone.service"))
    systemd = running("a.service")
    systemd.refuses = {"daemon-reload"}
    with pytest.raises(ProvisionError):
        run(tmp_path, systemd.running(), unit("a.service", "newer"))

    run(tmp_path, running("a.service").running(), unit("a.service", "newer"))

    assert [line for line in describe_tree(tmp_path) if line.startswith("file")] == [
        f"file 0644 x1 {UNITS}/a.service b'newer'"
    ]


def cut_after(root: Path, changes: int, systemd: FakeSystemd, *steps: Step) -> bool:
    """An apply without power after so many changes, and one that goes on from there."""
    cut = False
    try:
        run(root, systemd.running(), *steps, gate=FailingPower(changes))
    except PowerCut:
        cut = True
    except ProvisionError:
        assert systemd.refuses
    systemd.refuses = set()
    run(root, systemd.running(), *steps, gate=without_waiting)
    return cut


def files(root: Path) -> list[str]:
    return [line for line in describe_tree(root) if line.startswith("file")]


class Restarts:
    """The text that a unit's file had at each restart."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.texts: list[str] = []

    def __call__(self, call: list[str]) -> None:
        if "try-restart" in call:
            self.texts.append(self._file.read_text())


@pytest.mark.parametrize("refused", ["", "daemon-reload"])
def test_a_run_cut_at_any_change_is_finished_by_the_next(tmp_path: Path, refused: str) -> None:
    """Whether it was on its way forward, or back after a refused reload: no unit keeps running with an old file."""
    for changes in range(MOST_CHANGES):
        root = tmp_path / str(changes)
        root.mkdir()
        run(root, None, unit("a.service", "old"), unit("gone.service"), gate=without_waiting)
        systemd = running("a.service", "gone.service")
        systemd.refuses = {refused}
        systemd.on_call = restarts = Restarts(root / "etc/systemd/system/a.service")

        cut = cut_after(root, changes, systemd, unit("a.service"), NETWORK)

        assert files(root) == [
            "file 0644 x1 /etc/systemd/network/1.network b'new'",
            f"file 0644 x1 {UNITS}/a.service b'new'",
        ], f"cut after {changes} changes"
        assert restarts.texts[-1:] == ["new"], f"cut after {changes} changes"
        assert "stop gone.service" in systemd.told
        assert not (root / previous.DIRECTORY.lstrip("/")).exists(), f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


def test_a_way_back_cut_at_any_change_ends_in_the_old_tree_when_gone_again(tmp_path: Path) -> None:
    for changes in range(MOST_CHANGES):
        root = tmp_path / str(changes)
        root.mkdir()
        run(root, None, unit("a.service", "old"), unit("gone.service"), gate=without_waiting)
        before = describe_tree(root)
        systemd = running("a.service", "gone.service")
        run(root, systemd.running(confirm_s=60), unit("a.service"), NETWORK, gate=without_waiting)

        cut = False
        try:
            take_back(root, systemd, FailingPower(changes))
        except PowerCut:
            cut = True
        with Target(root) as target:
            is_over = previous.read(target) is None
        if not is_over:
            take_back(root, systemd, without_waiting)

        # Second names of old files, which the cut may have left, go with the next apply.
        tree = [line.replace(" x2 ", " x1 ") for line in describe_tree(root)]
        assert tree == before, f"cut after {changes} changes"
        assert "restart gone.service" in systemd.told, f"cut after {changes} changes"
        if not cut:
            break
    assert not cut


def take_back(root: Path, systemd: FakeSystemd, gate: Gate) -> None:
    with Target(root, gate=gate) as target:
        kept = previous.read(target)
        assert kept is not None
        worker = Worker(systemd.running(), Journal(target), "back", lambda _: None)
        assert go_back(worker, target, kept, kept.jobs) == []


def test_a_change_of_the_network_opens_a_window_before_it_is_reloaded(tmp_path: Path) -> None:
    systemd = running("systemd-networkd.service")

    results = run(tmp_path, systemd.running(confirm_s=60), NETWORK)

    names = [call[0] for call in systemd.calls]
    assert names.index("systemd-run") < names.index("networkctl")
    assert [result.result for result in results] == ["created", "unconfirmed", "reloaded"]
    with Target(tmp_path) as target:
        kept = previous.read(target)
    assert kept is not None
    assert kept.waits_in("boot-1")
    with pytest.raises(ProvisionError, match=r"waits to be confirmed .*provision confirm"):
        run(tmp_path, systemd.running(), NETWORK)


def test_without_a_way_back_the_network_is_not_changed(tmp_path: Path) -> None:
    systemd = running("systemd-networkd.service")
    systemd.refuses = {"systemd-run"}

    with pytest.raises(ProvisionError, match="the previous files are back"):
        run(tmp_path, systemd.running(confirm_s=60), NETWORK)

    assert "networkctl reload" not in systemd.told
    assert not (tmp_path / "etc/systemd/network/1.network").exists()


def test_the_previous_version_of_a_secret_is_for_root_only_and_goes_with_the_run(tmp_path: Path) -> None:
    def modes(_: list[str]) -> None:
        folder = tmp_path / previous.DIRECTORY.lstrip("/")
        seen.append(
            (
                folder.stat().st_mode & 0o777,
                b"the secret" in b"".join(f.read_bytes() for f in folder.iterdir()),
            )
        )

    seen: list[tuple[int, bool]] = []
    run(tmp_path, None, unit("a.service", "the secret"))
    systemd = running("a.service")
    systemd.on_call = modes

    run(tmp_path, systemd.running(), unit("a.service"))

    assert seen[0] == (0o700, True)
    assert not (tmp_path / previous.DIRECTORY.lstrip("/")).exists()
    records = (tmp_path / "var/lib/provision").glob("*.json*")
    assert not any("the secret" in file.read_text() for file in records)


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
