"""An apply that is killed when it starts a certain program: `python dying_apply.py CONFIG PROGRAM`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from msgspec import structs

from provision.commands.plan import prepare
from provision.errors import ExitCode
from provision.execute.apply import apply
from provision.execute.command import Completed, run_program
from provision.execute.journal import Journal
from provision.execute.running.system import running_system
from provision.execute.target import Target


def main(config: str, deadly: str) -> None:
    def programs(arguments: list[str], *, deadline_s: float) -> Completed:
        if deadly in arguments:
            os.kill(os.getpid(), signal.SIGKILL)
        return run_program(arguments, deadline_s=deadline_s)

    system, prepared = running_system(Path("/")), prepare(config, Path("/"))
    assert system is not None and not isinstance(prepared, ExitCode)
    with Target(Path("/")) as target:
        apply(
            prepared.plan,
            target,
            contents={},
            journal=Journal(target),
            on_step=lambda _: None,
            system=structs.replace(system, programs=programs),
        )


main(*sys.argv[1:])
