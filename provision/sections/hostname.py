"""Section `hostname`: the machine's name."""

from __future__ import annotations

from collections.abc import Iterator

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error, path_text
from provision.sections.claims import Claim
from provision.sections.hosts import is_host_name
from provision.variables import has_variable

MAX_HOSTNAME_CHARS = 64  # HOST_NAME_MAX on Linux: sethostname(2) refuses more, though DNS would take 253


def check(hostname: str, place: Place) -> Iterator[Problem]:
    if has_variable(hostname):
        return
    if len(hostname) > MAX_HOSTNAME_CHARS:
        yield error("hostname", place, f"{len(hostname)} characters are more than the 64 that Linux allows")
    elif not is_host_name(hostname):
        hint = "letters, digits and hyphens in labels of at most 63 characters, joined by dots (RFC 1123)"
        yield error("hostname", place, f"{hostname!r} is no host name", hint)


def claims(_hostname: str, place: Place) -> Iterator[Claim]:
    yield Claim("/etc/hostname", place)


def plan(hostname: str, _facts: Facts) -> Iterator[Step]:
    yield Step(WriteFile("/etc/hostname", f"{hostname}\n".encode()), path_text(("hostname",)))
