"""The journal survives what machines do to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.errors import ProvisionError
from provision.execute.journal import (
    JOURNAL_PATH,
    LOCK_PATH,
    STATUS_PATH,
    History,
    Journal,
    RunStatus,
    StepRecord,
    Thing,
    read_history,
    read_status,
)
from provision.execute.target import Target

RECORD = StepRecord("run-1", "2023-11-14T22:13:20.500Z", "files[0]", "file /etc/motd", "created", 3)


def test_a_machine_without_a_journal_has_no_history(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        assert read_history(target) == History()
        assert read_status(target) is None


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        journal = Journal(target)
        journal.intend("run-1", [Thing("file", "/etc/motd"), Thing("file", "/gone")], ["/etc/motd"])
        journal.record([RECORD])
        journal.gone("run-1", [Thing("file", "/gone")])

        history = journal.history()

    assert history == History((RECORD,), frozenset({Thing("file", "/etc/motd")}), ("/etc/motd",))


def test_a_journal_torn_at_any_byte_is_read_up_to_there_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / JOURNAL_PATH.lstrip("/")
    with Target(tmp_path) as target:
        Journal(target).record([RECORD])
        whole = place.read_bytes()
        for size in range(len(whole)):
            place.write_bytes(whole[:size])
            Journal(target).record([RECORD])

            assert read_history(target).steps[-1] == RECORD, f"torn after {size} bytes"


def test_the_status_is_replaced_as_a_whole(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        journal = Journal(target, config_digest="ab12")
        journal.write_status(RunStatus("running", "t0", config_digest="ab12"))
        journal.write_status(RunStatus("done", "t0", "t1", config_digest="ab12", created=3))

        assert read_status(target) == RunStatus("done", "t0", "t1", config_digest="ab12", created=3)


@pytest.mark.parametrize("content", [pytest.param(b"", id="emptied by a power cut")])
def test_a_status_file_without_content_means_no_run(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / STATUS_PATH.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_bytes(content)

    with Target(tmp_path) as target:
        assert read_status(target) is None


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        first, second = Journal(target), Journal(target)
        with first.alone(), pytest.raises(ProvisionError, match="another apply is at work"), second.alone():
            pytest.fail("both are at work")

        with second.alone():
            assert target.is_locked(LOCK_PATH)


def test_a_run_that_nobody_is_at_work_on_was_interrupted(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        journal = Journal(target)
        with journal.alone():
            journal.write_status(RunStatus("running", "t0"))
            during = journal.status()

        after = journal.status()

    assert during is not None
    assert during.result == "running"
    assert after is not None
    assert after.result == "interrupted"


def test_times_are_utc_with_milliseconds(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        assert Journal(target, now=lambda: 0.25).timestamp() == "1970-01-01T00:00:00.250Z"
