"""Any system call that changes the file system may fail: a clear error, and applied again, all is well."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from provision.errors import ExitCode
from tests.crash.machines import Roots, apply, different, output_of
from tests.crash.system_calls import at
from tests.golden.apply.tree import describe_tree

SAMPLE = 3  # calls of each error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT], ids=os.strerror)
def test_a_call_that_fails_is_told_and_leaves_nothing_half_done(
    memory: Path, number: int, every_point: bool
) -> None:
    roots = Roots(memory)
    whole = roots.copy("whole")
    calls = apply(whole, "config.yaml").calls
    share = number % 4
    mine = calls[share::4]
    step = 1 if every_point else len(mine) // SAMPLE

    wrong = []
    for call in mine[share * step // 4 :: step]:
        root = roots.copy(f"{call.number}")
        failed = apply(root, "config.yaml", at(call.number, number))
        told = output_of(root).read_text()
        motd = (root / "etc/motd").read_text()
        again = apply(root, "config.yaml")

        if failed.exit_code == ExitCode.APPLY_FAILED:
            is_clear = any(line.startswith("provision: ") for line in told.splitlines())
        else:  # a tool that does not care whether its backup has the right time
            is_clear = failed.exit_code == 0
        difference = different(describe_tree(whole), describe_tree(root))
        intact = motd in ("old text\n", "new text\n") and "Traceback" not in told
        if not is_clear or not intact or again.exit_code != 0 or difference:
            wrong.append(f"{call}: {failed.exit_code}\n{output_of(root).read_text()}{difference}")
        shutil.rmtree(root)
    assert not wrong, "\n".join(wrong)
