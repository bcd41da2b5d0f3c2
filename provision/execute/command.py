"""The only place that starts programs: argument lists, a clean environment, a deadline."""

from __future__ import annotations

import re
import shlex
import signal
from typing import Protocol

from msgspec import Struct, structs

from provision.errors import ProvisionError

DEADLINE_S = (
    60.0  # the account and unit tools take milliseconds; a locked passwd makes useradd wait up to 15 s
)
OUTPUT_TAIL_CHARACTERS = 800  # enough for the last few lines a tool prints before it gives up

SHORTEST_SECRET_CHARACTERS = 8  # shorter words of what a program was given are names, which may be shown

ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}

# Debian package that brings each program.
PACKAGES = {
    "VBoxControl": "virtualbox-guest-utils",
    "chpasswd": "passwd",
    "groupadd": "passwd",
    "groupdel": "passwd",
    "groupmod": "passwd",
    "hostname": "hostname",
    "journalctl": "systemd",
    "mount": "mount",
    "networkctl": "systemd",
    "ssh-keygen": "openssh-client",
    "systemctl": "systemd",
    "systemd-run": "systemd",
    "udevadm": "udev",
    "umount": "mount",
    "update-grub": "grub2-common",
    "useradd": "passwd",
    "userdel": "passwd",
    "usermod": "passwd",
}


class Completed(Struct, frozen=True):
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
        raise failure(arguments, done, stdin=stdin)
    return done.stdout


def failure(arguments: list[str], done: Completed, *, stdin: str = "") -> ProvisionError:
    """A program may repeat what it was given, and what is given through `stdin` is secret."""
    shown = structs.replace(done, stdout=_without(stdin, done.stdout), stderr=_without(stdin, done.stderr))
    return ProvisionError(f"{shlex.join(arguments)} {ending(done.exit_code)}: {tail(shown)}")


def _without(secret: str, text: str) -> str:
    """The text with the secret hidden: its words, and the parts of a password hash, wherever they stand."""
    words = {word for word in re.split(r"[\s:$]", secret) if len(word) >= SHORTEST_SECRET_CHARACTERS}
    for word in sorted(words):
        # Also what a program shows of it that cuts its output short.
        text = re.sub(rf"{re.escape(word[:SHORTEST_SECRET_CHARACTERS])}\S*", "<secret>", text)
    return text


def ending(exit_code: int) -> str:
    return f"was ended by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"failed ({exit_code})"


def tail(done: Completed) -> str:
    output = (done.stderr.strip() or done.stdout.strip()) or "it printed nothing"
    return output[-OUTPUT_TAIL_CHARACTERS:]


def missing_program(name: str) -> ProvisionError:
    package = PACKAGES.get(name)
    hint = f"install the Debian package {package!r}" if package else None
    return ProvisionError(f"program {name!r} is not installed", hint=hint)
