"""`provision confirm`: a change of the network, made with `apply --confirm`, is good and stays."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from provision.errors import ExitCode, ProvisionError
from provision.execute.journal import Journal
from provision.execute.running.previous import Previous, forget, read
from provision.execute.running.system import RunningSystem, running_system
from provision.execute.running.window import close_window
from provision.execute.target import Target

HELP = "keep a change of the network that waits to be confirmed"

ROOT = Path("/")
PATIENCE_S = 30.0  # the apply that made the change may still be at the services after it


def add_arguments(parser: ArgumentParser) -> None:
    """None: there is one change at most, on this system."""


def run(_args: Namespace) -> int:
    system = this_system()
    with Target(ROOT) as target, Journal(target).alone(patience_s=PATIENCE_S):
        waiting(target, system)
        close_window(system)
        forget(target)
    print("confirmed: the network stays as it is")
    return ExitCode.DONE


def this_system() -> RunningSystem:
    system = running_system(ROOT)
    if system is None:
        raise ProvisionError("no systemd runs here, so nothing waits to be confirmed")
    return system


def waiting(target: Target, system: RunningSystem) -> Previous:
    kept = read(target)
    if kept is None or not kept.waits_in(system.boot_id):
        raise ProvisionError("no change of the network waits to be confirmed", hint="see: provision status")
    return kept
