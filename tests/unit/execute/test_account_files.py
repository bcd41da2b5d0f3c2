"""What account tools leave behind when they are killed is undone before the next one runs."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from provision.errors import ProvisionError
from provision.execute.account_files import KEPT_PATH, demand_whole, tidy_account_files
from provision.execute.command import Completed
from provision.execute.machine import Machine
from provision.execute.target import Target

PASSWD = "root:x:0:0::/root:/bin/sh\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/shadow").write_text("root:*:1::::::\n")
    (tmp_path / "etc/shadow").chmod(0o640)
    (tmp_path / "etc/.pwd.lock").touch()
    return tmp_path


class Tool:
    """Adds a user to passwd, and then ends as it is told, or with the whole machine."""

    def __init__(self, root: Path, exit_code: int | None) -> None:
        self._root = root
        self._exit_code = exit_code

    def __call__(self, arguments: list[str], *, stdin: str = "") -> Completed:
        with (self._root / "etc/passwd").open("a") as passwd:
            passwd.write("half:x:1000:1000::/:/bin/sh\n")
        if self._exit_code is None:
            raise KeyboardInterrupt
        return Completed(self._exit_code, "", "no more room")


def run_tool(root: Path, exit_code: int | None) -> None:
    with Target(root) as target:
        demand_whole(Machine(target, programs=Tool(root, exit_code)), ["useradd", "half"])


def tidy(root: Path) -> None:
    with Target(root) as target:
        tidy_account_files(target)


def test_what_a_tool_did_stays_and_nothing_is_kept_of_before(root: Path) -> None:
    run_tool(root, 0)

    assert "half" in (root / "etc/passwd").read_text()
    assert list((root / "var/lib/provision").iterdir()) == []


def test_the_files_of_a_tool_that_failed_are_as_before(root: Path) -> None:
    with pytest.raises(ProvisionError, match="no more room"):
        run_tool(root, 1)

    assert (root / "etc/passwd").read_text() == PASSWD
    assert list((root / "var/lib/provision").iterdir()) == []


def test_the_files_of_a_tool_that_was_killed_with_the_machine_are_put_back_later(root: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_tool(root, None)
    assert "half" in (root / "etc/passwd").read_text()

    tidy(root)

    assert (root / "etc/passwd").read_text() == PASSWD
    assert (root / "etc/shadow").stat().st_mode & 0o777 == 0o640


def test_what_is_kept_of_password_hashes_is_read_by_root_alone(root: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_tool(root, None)

    assert (root / KEPT_PATH.lstrip("/")).stat().st_mode & 0o777 == 0o600


def test_a_file_that_somebody_changed_since_is_not_put_back(root: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_tool(root, None)
    (root / "etc/passwd").write_text(f"{PASSWD}admin:x:1001:1001::/:/bin/sh\n")
    os.utime(root / "etc/passwd", (time.time() + 3600, time.time() + 3600))

    tidy(root)

    assert "admin" in (root / "etc/passwd").read_text()
    assert list((root / "var/lib/provision").iterdir()) == []


def test_locks_of_the_dead_go_even_when_another_process_has_their_number_now(root: Path) -> None:
    for name in ("passwd.lock", f"passwd.{os.getpid()}", "shadow+"):
        (root / "etc" / name).write_text(str(os.getpid()))
    (root / "etc/passwd-").write_text("the backup")

    tidy(root)

    assert sorted(place.name for place in (root / "etc").iterdir()) == [
        *(".pwd.lock", "passwd", "passwd-", "shadow")
    ]


def test_locks_of_the_living_are_waited_for(root: Path) -> None:
    (root / "etc/passwd.lock").write_text("1")
    lock = os.open(root / "etc/.pwd.lock", os.O_WRONLY)
    child = os.fork()
    if child == 0:  # a record lock keeps out only other processes
        fcntl.lockf(lock, fcntl.LOCK_EX)
        (root / "held").touch()
        time.sleep(0.5)
        os._exit(0 if (root / "etc/passwd.lock").exists() else 1)
    while not (root / "held").exists():
        time.sleep(0.01)

    tidy(root)

    assert os.waitpid(child, 0)[1] == 0, "removed while its owner was at work"
    assert not (root / "etc/passwd.lock").exists()
    os.close(lock)


def test_what_a_tool_could_not_remove_of_its_own_is_removed_after_it(root: Path) -> None:
    (root / "etc/passwd.4711").write_text("4711")

    run_tool(root, 0)

    assert not (root / "etc/passwd.4711").exists()
    assert "half" in (root / "etc/passwd").read_text()
