"""Applying plans of files, directories and links to a root directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from provision.actions import (
    EnsureAuthorizedKeys,
    EnsureDirectory,
    EnsureLink,
    RemoteContent,
    Step,
    WriteFile,
)
from provision.errors import ProvisionError
from provision.execute.apply import Outcome, StepResult, apply
from provision.execute.journal import Journal, read_history, read_status
from provision.execute.target import Target
from provision.plan.build import Plan
from provision.plan.order import ordered
from tests.unit.execute.tree import describe_tree

MOTD = Step(WriteFile("/etc/motd", b"hello\n"), "files[0]")
DATA = Step(EnsureDirectory("/srv/data", 0o750), "directories[0]")
LINK = Step(EnsureLink("/etc/app", "/opt/app"), "links[0]")
REMOTE = RemoteContent("http://server/tool", "sha256", "00")


def run(root: Path, *steps: Step, contents: dict[RemoteContent, bytes] | None = None) -> list[StepResult]:
    results: list[StepResult] = []
    with Target(root) as target:
        apply(
            Plan(ordered(steps)),
            target,
            contents=contents or {},
            journal=Journal(target, now=lambda: 1_700_000_000.5),
            on_step=results.append,
        )
    return results


def told(results: Sequence[StepResult]) -> list[tuple[str | None, str, str]]:
    return [(result.because, result.summary, result.result) for result in results]


def test_every_step_is_told_in_order_with_its_config_path(tmp_path: Path) -> None:
    results = run(tmp_path, LINK, MOTD, DATA)

    assert told(results) == [
        ("directories[0]", "directory /srv/data", "created"),
        ("files[0]", "file /etc/motd", "created"),
        ("links[0]", "link /etc/app", "created"),
    ]


def test_a_second_apply_changes_nothing_and_writes_no_journal_line(tmp_path: Path) -> None:
    run(tmp_path, LINK, MOTD, DATA)
    tree = describe_tree(tmp_path)
    journal = (tmp_path / "var/lib/provision/journal.jsonl").read_bytes()

    results = run(tmp_path, LINK, MOTD, DATA)

    assert {result.result for result in results} == {"unchanged"}
    assert describe_tree(tmp_path) == tree
    assert (tmp_path / "var/lib/provision/journal.jsonl").read_bytes() == journal


def test_what_changed_on_the_machine_is_put_right(tmp_path: Path) -> None:
    run(tmp_path, MOTD, DATA)
    (tmp_path / "etc/motd").write_text("tampered")
    (tmp_path / "srv/data").chmod(0o777)

    results = run(tmp_path, MOTD, DATA)

    assert [result.result for result in results] == ["changed", "changed"]
    assert "file 0644 x1 /etc/motd b'hello\\n'" in describe_tree(tmp_path)
    assert "directory 0750 /srv/data" in describe_tree(tmp_path)


def test_the_outcome_counts_what_was_done(tmp_path: Path) -> None:
    run(tmp_path, MOTD, DATA)
    (tmp_path / "etc/motd").write_text("tampered")

    with Target(tmp_path) as target:
        journal = Journal(target)
        plan = Plan((MOTD, LINK))
        outcome = apply(plan, target, contents={}, journal=journal, on_step=lambda _: None)

    # /srv goes with /srv/data: both were made by the first apply
    assert outcome == Outcome(created=1, changed=1, removed=2, unchanged=0)


def test_what_an_earlier_apply_created_is_removed_once_nobody_asks_for_it(tmp_path: Path) -> None:
    run(tmp_path, MOTD, DATA, LINK)

    results = run(tmp_path, MOTD)

    assert told(results) == [
        (None, "file /etc/app", "removed"),
        (None, "directory /srv/data", "removed"),
        (None, "directory /srv", "removed"),
        ("files[0]", "file /etc/motd", "unchanged"),
    ]
    assert describe_tree(tmp_path) == ["directory 0755 /etc", "file 0644 x1 /etc/motd b'hello\\n'"]


def test_what_was_there_before_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/motd").write_text("theirs")
    run(tmp_path, MOTD)

    run(tmp_path)

    assert describe_tree(tmp_path) == ["directory 0755 /etc", "file 0644 x1 /etc/motd b'hello\\n'"]


def test_a_directory_with_things_of_others_in_it_stays(tmp_path: Path) -> None:
    run(tmp_path, DATA)
    (tmp_path / "srv/data/theirs").touch()

    run(tmp_path)

    assert (tmp_path / "srv/data/theirs").exists()


def test_a_file_that_was_taken_away_and_put_back_by_another_is_not_ours_to_remove(tmp_path: Path) -> None:
    run(tmp_path, MOTD)
    (tmp_path / "etc/motd").unlink()
    run(tmp_path)
    (tmp_path / "etc").mkdir(exist_ok=True)
    (tmp_path / "etc/motd").write_text("theirs")

    run(tmp_path)

    assert (tmp_path / "etc/motd").read_text() == "theirs"


def test_a_file_becomes_a_directory_when_the_config_says_so(tmp_path: Path) -> None:
    run(tmp_path, Step(WriteFile("/opt/thing", b""), "files[0]"))

    run(tmp_path, Step(EnsureDirectory("/opt/thing", 0o755), "directories[0]"))

    assert describe_tree(tmp_path) == ["directory 0755 /opt", "directory 0755 /opt/thing"]
    run(tmp_path)
    assert describe_tree(tmp_path) == []


def test_a_failing_step_stops_the_run_and_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "etc/motd").mkdir(parents=True)
    results: list[StepResult] = []

    with Target(tmp_path) as target, pytest.raises(ProvisionError) as caught:
        journal = Journal(target)
        apply(Plan((DATA, MOTD, LINK)), target, contents={}, journal=journal, on_step=results.append)

    assert caught.value.path == "files[0]"
    assert told(results) == [
        ("directories[0]", "directory /srv/data", "created"),
        ("files[0]", "file /etc/motd", "failed"),
    ]
    assert not (tmp_path / "etc/app").is_symlink()


def test_none_of_a_batch_of_files_is_in_place_when_one_cannot_be_written(tmp_path: Path) -> None:
    nobody = Step(WriteFile("/etc/issue", b"", user="nobody-here"), "files[1]")

    with pytest.raises(ProvisionError, match="user 'nobody-here' does not exist") as caught:
        run(tmp_path, MOTD, nobody)

    assert caught.value.path == "files[1]"
    assert not (tmp_path / "etc/motd").exists()


def test_a_path_through_a_loop_of_links_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")

    with pytest.raises(ProvisionError, match="Too many levels") as caught:
        run(tmp_path, Step(WriteFile("/a/file", b""), "files[7]"))

    assert caught.value.path == "files[7]"


def test_the_status_file_tells_how_the_last_run_ended(tmp_path: Path) -> None:
    (tmp_path / "etc/motd").mkdir(parents=True)
    with pytest.raises(ProvisionError):
        run(tmp_path, MOTD)
    with Target(tmp_path) as target:
        failed = read_status(target)

    (tmp_path / "etc/motd").rmdir()
    run(tmp_path, MOTD)

    with Target(tmp_path) as target:
        done = read_status(target)
    assert failed is not None
    assert (failed.result, failed.path, failed.message) == (
        "failed",
        "files[0]",
        "/etc/motd is a directory",
    )
    assert done is not None
    assert (done.result, done.created, done.finished) == ("done", 1, "2023-11-14T22:13:20.500Z")


def test_remote_content_is_written_from_what_was_fetched(tmp_path: Path) -> None:
    run(tmp_path, Step(WriteFile("/tool", REMOTE), "files[0]"), contents={REMOTE: b"fetched"})

    assert (tmp_path / "tool").read_bytes() == b"fetched"


def test_keys_belong_to_their_user_and_to_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("core:x:1234:1235::/home/core:/bin/sh\n")

    run(tmp_path, Step(EnsureAuthorizedKeys("core", ("ssh-ed25519 AAAA me",)), "users[0]"))

    file = tmp_path / "home/core/.ssh/authorized_keys"
    assert file.read_text() == "ssh-ed25519 AAAA me\n"
    assert (file.stat().st_uid, file.stat().st_gid, file.stat().st_mode & 0o777) == (1234, 1235, 0o600)
    assert (file.parent.stat().st_uid, file.parent.stat().st_mode & 0o777) == (1234, 0o700)


def test_the_content_of_a_secret_file_is_not_in_the_journal(tmp_path: Path) -> None:
    run(tmp_path, Step(WriteFile("/etc/token", b"hunter2", 0o600, secret=True), "files[0]"))

    with Target(tmp_path) as target:
        assert read_history(target).steps[0].action == "file /etc/token"
    assert "hunter2" not in (tmp_path / "var/lib/provision/journal.jsonl").read_text()
