"""The only place that starts programs: argument lists, a clean environment, a deadline."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from typing import Protocol

from provision.errors import ProvisionError

DEADLINE_S = (
    60.0  # the account and unit tools take milliseconds; a locked passwd makes useradd wait up to 15 s
)
OUTPUT_TAIL_CHARACTERS = 800  # enough for the last few lines a tool prints before it gives up

ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}

# Debian package that brings each program.
PACKAGES = {
    "chpasswd": "passwd",
    "groupadd": "passwd",
    "groupdel": "passwd",
    "groupmod": "passwd",
    "hostname": "hostname",
    "journalctl": "systemd",
    "networkctl": "systemd",
    "systemctl": "systemd",
    "systemd-run": "systemd",
    "udevadm": "udev",
    "useradd": "passwd",
    "userdel": "passwd",
    "usermod": "passwd",
}


@dataclass(frozen=True, slots=True)
class Completed:
    exit_code: int
    stdout: str
    stderr: str


class Programs(Protocol):
    """Runs a program to its end. Secrets go through `stdin`: every user can read another's arguments."""

    def __call__(self, arguments: list[str], *, stdin: str = "") -> Completed: ...


class TimedPrograms(Protocol):
    """The same for programs that each have a deadline of their own; DeadlineError when it is over."""

    def __call__(self, arguments: list[str], *, deadline_s: float) -> Completed: ...


class DeadlineError(ProvisionError):
    """A program did not end in time and was ended."""


def run_program(arguments: list[str], *, stdin: str = "", deadline_s: float = DEADLINE_S) -> Completed:
    """What the program printed and its exit code; ProvisionError when it is missing or does not end."""
    import subprocess

    try:
        process = subprocess.run(
            arguments,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline_s,
            env=ENVIRONMENT,
            check=False,
        )
    except FileNotFoundError:
        raise missing_program(arguments[0]) from None
    except subprocess.TimeoutExpired:
        raise DeadlineError(
            f"{shlex.join(arguments)} did not end within {deadline_s:g} s",
            hint="see what holds it up: another program may hold the lock it waits for",
        ) from None
    return Completed(process.returncode, process.stdout, process.stderr)


def demand(programs: Programs, arguments: list[str], *, stdin: str = "") -> str:
    """Standard output of a program that must succeed."""
    done = programs(arguments, stdin=stdin)
    if done.exit_code != 0:
        raise failure(arguments, done)
    return done.stdout


def failure(arguments: list[str], done: Completed) -> ProvisionError:
    return ProvisionError(f"{shlex.join(arguments)} {ending(done.exit_code)}: {tail(done)}")


def ending(exit_code: int) -> str:
    return f"was ended by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"failed ({exit_code})"


def tail(done: Completed) -> str:
    output = (done.stderr.strip() or done.stdout.strip()) or "it printed nothing"
    return output[-OUTPUT_TAIL_CHARACTERS:]


def missing_program(name: str) -> ProvisionError:
    package = PACKAGES.get(name)
    hint = f"install the Debian package {package!r}" if package else None
    return ProvisionError(f"program {name!r} is not installed", hint=hint)
