"""The previous files: put back when a running system of data cannot go on, whenever the power fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.actions import Step
from provision.errors import ProvisionError
from provision.execute.journal import Journal
from provision.execute.running import previous
from provision.execute.running.going_back import go_back
from provision.execute.running.worker import Worker
from provision.execute.target import Gate, Target
from tests.unit.execute.power import FailingPower, PowerCut, without_waiting
from tests.unit.execute.running import NETWORK, UNITS, run, running, unit
from tests.unit.execute.systemd import FakeSystemd
from tests.unit.execute.tree import describe_tree

MOST_CHANGES = 400


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
@pytest.mark.long
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


@pytest.mark.long
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
