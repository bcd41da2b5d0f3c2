"""Users and groups are those of the target root."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.errors import ProvisionError
from provision.execute.accounts import read_accounts
from provision.execute.target import Ownership, Target

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
# a comment
+nis::::::
broken:x:one:1::/:/bin/sh
core:x:1000:1500:The Core:/home/core:/bin/bash
"""


@pytest.fixture
def target(tmp_path: Path) -> Target:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/group").write_text("root:x:0:\nops:x:1500:core,other\n")
    return Target(tmp_path)


def test_names_become_the_ids_of_the_target(target: Target) -> None:
    assert read_accounts(target).ownership("core", "ops") == Ownership(1000, 1500)


def test_numbers_need_no_account(target: Target) -> None:
    assert read_accounts(target).ownership(7, 8) == Ownership(7, 8)


def test_lines_that_are_no_accounts_are_passed_over(target: Target) -> None:
    assert sorted(read_accounts(target).users) == ["core", "root"]


def test_an_unknown_owner_is_an_error_that_says_what_to_do(target: Target) -> None:
    with pytest.raises(ProvisionError, match=r"group 'wheel' does not exist \(add it under groups\)"):
        read_accounts(target).ownership("core", "wheel")


def test_an_empty_root_still_knows_root(tmp_path: Path) -> None:
    assert read_accounts(Target(tmp_path)).ownership("root", "root") == Ownership(0, 0)
