"""Trees: fetched when they must be, recognised without, repaired, replaced and removed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from provision.actions import EnsureDirectory, Origin, RemoteContent, RemovePath, Step, UnpackTree, WriteFile
from provision.errors import ProvisionError, SourceError
from provision.execute.apply import Outcome, apply
from provision.execute.journal import Journal
from provision.execute.machine import Machine
from provision.execute.survey import survey
from provision.execute.target import Target
from provision.execute.trees import unpacked
from provision.fetch.gather import gather, missing, unreadable
from provision.plan.build import Plan
from tests.unit.provision.archives import archive

SITE = archive(("file", "index.html", "one\n"), ("file", "img/logo", "logo\n"), packing="gz")
NEXT = archive(("file", "index.html", "two\n"), ("link", "img", "."), packing="xz")


def remote(data: bytes) -> RemoteContent:
    return RemoteContent("http://server/site", "sha256", hashlib.sha256(data).hexdigest())


def tree_plan(content: bytes | RemoteContent, *more: Step, path: str = "/srv") -> Plan:
    return Plan((Step(UnpackTree(path, content), "trees[0].source"), *more))


class Server:
    """Delivers one archive, and counts how often."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked = 0

    def __call__(self, url: str, deadline_s: float, *, headers: Mapping[str, str]) -> bytes:
        self.asked += 1
        return self.data


def applied(plan: Plan, root: Path, server: Server) -> Outcome:
    with Target(root) as target:
        contents = gather(plan, target, fetch=server)
        return apply(plan, target, contents=contents, journal=Journal(target), on_step=lambda _: None)


def test_a_tree_that_is_as_recorded_is_recognised_without_the_archive(tmp_path: Path) -> None:
    server = Server(SITE)
    first = applied(tree_plan(remote(SITE)), tmp_path, server)
    second = applied(tree_plan(remote(SITE)), tmp_path, server)

    assert (first.created, second) == (5, Outcome(unchanged=5))  # two directories, two files, the manifest
    assert server.asked == 1
    assert (tmp_path / "srv/img/logo").read_text() == "logo\n"


def test_drift_is_repaired_with_the_archive_fetched_again(tmp_path: Path) -> None:
    server = Server(SITE)
    applied(tree_plan(remote(SITE)), tmp_path, server)
    (tmp_path / "srv/index.html").write_text("defaced\n")

    outcome = applied(tree_plan(remote(SITE)), tmp_path, server)

    assert (outcome.changed, server.asked) == (1, 2)
    assert (tmp_path / "srv/index.html").read_text() == "one\n"


def test_a_mode_is_repaired_without_the_archive(tmp_path: Path) -> None:
    server = Server(SITE)
    applied(tree_plan(remote(SITE)), tmp_path, server)
    (tmp_path / "srv/index.html").chmod(0o600)

    outcome = applied(tree_plan(remote(SITE)), tmp_path, server)

    assert (outcome.changed, server.asked) == (1, 1)
    assert (tmp_path / "srv/index.html").stat().st_mode & 0o777 == 0o644


def test_another_digest_replaces_the_tree_and_leaves_what_others_put_there(tmp_path: Path) -> None:
    applied(tree_plan(remote(SITE)), tmp_path, Server(SITE))
    (tmp_path / "srv/own").write_text("kept")

    applied(tree_plan(remote(NEXT)), tmp_path, Server(NEXT))

    assert sorted(path.name for path in (tmp_path / "srv").iterdir()) == ["img", "index.html", "own"]
    assert (tmp_path / "srv/img").is_symlink(), "a directory became a link"
    assert (tmp_path / "srv/index.html").read_text() == "two\n"
    assert len(list((tmp_path / "var/lib/provision/trees").iterdir())) == 1, "of the old one nothing is kept"


def test_a_tree_that_is_no_longer_asked_for_is_removed(tmp_path: Path) -> None:
    applied(tree_plan(remote(SITE)), tmp_path, Server(SITE))

    applied(Plan(()), tmp_path, Server(b""))

    assert not (tmp_path / "srv").exists()
    assert not (tmp_path / "var/lib/provision/trees").exists()


def test_a_lost_manifest_is_made_anew(tmp_path: Path) -> None:
    applied(tree_plan(remote(SITE)), tmp_path, Server(SITE))
    (manifest,) = (tmp_path / "var/lib/provision/trees").iterdir()
    text = manifest.read_bytes()
    manifest.write_bytes(text[: len(text) // 2])

    assert applied(tree_plan(remote(SITE)), tmp_path, Server(SITE)).changed == 1

    assert manifest.read_bytes() == text


def test_without_a_digest_the_archive_is_asked_each_time(tmp_path: Path) -> None:
    loose = RemoteContent("http://server/site", None, None)
    server = Server(SITE)

    applied(tree_plan(loose), tmp_path, server)
    again = applied(tree_plan(loose), tmp_path, server)

    assert (again, server.asked) == (Outcome(unchanged=4), 2)
    assert not (tmp_path / "var/lib/provision/trees").exists()


def test_a_plan_needs_the_archive_only_until_it_was_unpacked_once(tmp_path: Path) -> None:
    plan = tree_plan(remote(SITE))
    with Target(tmp_path) as target:
        assert unreadable(plan, target) == ((remote(SITE), "trees[0].source"),)
    applied(plan, tmp_path, Server(SITE))
    (tmp_path / "srv/index.html").unlink()

    with Target(tmp_path) as target:
        assert unreadable(plan, target) == ()
        assert missing(plan, target) == ((remote(SITE), "trees[0].source"),)
        (change,) = survey(plan, Machine(target), frozenset()).changes
    assert change.difference.lines[-1] == "+content of http://server/site"


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(archive(("file", "ok", ""), ("file", "../etc/passwd", "")), id="leads out"),
        pytest.param(SITE[:-20], id="cut short"),
        pytest.param(b"<html>404</html>", id="no archive"),
    ],
)
def test_a_bad_archive_is_refused_before_anything_is_written(tmp_path: Path, damaged: bytes) -> None:
    plan = tree_plan(remote(damaged), Step(WriteFile("/etc/motd", b""), "files[0]"))

    with pytest.raises(SourceError) as caught:
        applied(plan, tmp_path, Server(damaged))

    assert caught.value.path == "trees[0].source"
    assert caught.value.message.startswith("http://server/site: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["var"], "the journal alone"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(WriteFile("/srv/index.html", b""), id="the same file"),
        pytest.param(WriteFile("/srv/img", b""), id="a file in the place of a directory"),
        pytest.param(
            RemovePath("/srv/img", directory=True, recursive=True), id="a directory that is removed"
        ),
        pytest.param(UnpackTree("/srv", archive(("file", "index.html", "x"))), id="another tree's file"),
    ],
)
def test_a_path_has_one_maker(tmp_path: Path, other: WriteFile | RemovePath | UnpackTree) -> None:
    with pytest.raises(ProvisionError, match=r"the archive has '/srv/\S+', which \S+ is about already"):
        applied(tree_plan(SITE, Step(other, "files[0]")), tmp_path, Server(b""))

    assert not (tmp_path / "srv").exists()


def test_a_directory_of_the_config_is_as_the_config_says(tmp_path: Path) -> None:
    plan = tree_plan(SITE, Step(EnsureDirectory("/srv/img", mode=0o700), "directories[0]"))

    applied(plan, tmp_path, Server(b""))

    assert (tmp_path / "srv/img").stat().st_mode & 0o777 == 0o700
    assert applied(plan, tmp_path, Server(b"")) == Outcome(unchanged=4)


def test_one_archive_in_two_places_is_fetched_once_and_has_one_manifest(tmp_path: Path) -> None:
    second = Step(UnpackTree("/opt", remote(SITE)), "trees[1].source")
    server = Server(SITE)

    applied(tree_plan(remote(SITE), second), tmp_path, server)

    assert server.asked == 1
    assert (tmp_path / "opt/index.html").read_text() == (tmp_path / "srv/index.html").read_text()


def test_a_tree_never_leaves_a_hostile_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "srv").symlink_to(outside)

    with pytest.raises(ProvisionError, match="srv"):
        applied(tree_plan(SITE), root, Server(b""))

    assert list(outside.iterdir()) == []


def test_what_a_tree_consists_of_knows_the_line_that_asked_for_it(tmp_path: Path) -> None:
    origins = {"trees[0].source": Origin("node.yaml", 7)}
    plan = Plan(tree_plan(SITE).steps, origins)

    with Target(tmp_path) as target:
        assert unpacked(plan, target, {}).origins == origins
