"""The language, one noun a file: its type, what is checked about it, and the steps it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from provision.actions import Step
from provision.errors import ProvisionError
from provision.facts import Facts
from provision.findings import Place, Problem, Severity, path_text
from provision.sections import (
    across,
    clear_secrets,
    commands,
    containers,
    directories,
    etcd,
    files,
    groups,
    hostname,
    hosts_file,
    kernel,
    keyboard,
    links,
    locale,
    network,
    proxy,
    report,
    ssh_host_keys,
    time,
    trust,
    unit_references,
    units,
    users,
)
from provision.variables import expand

if TYPE_CHECKING:
    from provision.document import Document

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the language: `check` says what is wrong with it, `plan` what it asks for."""

    name: str
    check: Callable[[Document], Iterator[Problem]]
    plan: Callable[[Document, Facts], Iterator[Step]]


def _section(
    name: str,
    read: Callable[[Document], Value],
    check: Callable[[Value, Place], Iterator[Problem]],
    plan: Callable[[Value, Facts], Iterator[Step]],
) -> Section:
    return Section(
        name,
        check=lambda document: check(read(document), (name,)),
        plan=lambda document, facts: plan(read(document), facts),
    )


# In the order in which a machine is made: owners before what they own, texts before what is enabled.
SECTIONS: tuple[Section, ...] = (
    _section("hostname", lambda document: document.hostname, hostname.check, hostname.plan),
    _section("groups", lambda document: document.groups, groups.check, groups.plan),
    _section("users", lambda document: document.users, users.check, users.plan),
    _section("directories", lambda document: document.directories, directories.check, directories.plan),
    _section("files", lambda document: document.files, files.check, files.plan),
    _section("links", lambda document: document.links, links.check, links.plan),
    _section("units", lambda document: document.units, units.check, units.plan),
    _section("network", lambda document: document.network, network.check, network.plan),
    _section("containers", lambda document: document.containers, containers.check, containers.plan),
    _section("etcd", lambda document: document.etcd, etcd.check, etcd.plan),
    _section("report", lambda document: document.report, report.check, report.plan),
    _section(
        "ssh_host_keys", lambda document: document.ssh_host_keys, ssh_host_keys.check, ssh_host_keys.plan
    ),
    _section("hosts", lambda document: document.hosts, hosts_file.check, hosts_file.plan),
    _section("kernel", lambda document: document.kernel, kernel.check, kernel.plan),
    _section("time", lambda document: document.time, time.check, time.plan),
    _section("locale", lambda document: document.locale, locale.check, locale.plan),
    _section("keyboard", lambda document: document.keyboard, keyboard.check, keyboard.plan),
    _section("trust", lambda document: document.trust, trust.check, trust.plan),
    _section("proxy", lambda document: document.proxy, proxy.check, proxy.plan),
    _section("commands", lambda document: document.commands, commands.check, commands.plan),
)


def check_sections(document: Document) -> Iterator[Problem]:
    """What each section says about itself."""
    for section in SECTIONS:
        yield from section.check(document)


def check_document(document: Document) -> Iterator[Problem]:
    """What can be known to be wrong, its variables apart, without looking at a machine."""
    yield from check_sections(document)
    yield from across.check(document)
    yield from clear_secrets.check(document)
    yield from unit_references.check(document)


def plan_document(document: Document, facts: Facts) -> tuple[Step, ...]:
    """The steps this machine's document asks for, variables filled in. Pure; steps may need ordering.

    Raises ProvisionError when a variable names a fact that is not known, or a value is wrong once filled in.
    """
    concrete = _with_facts(document, facts)
    # Again, because only now the values are whole. A `${facts.` still there was written with an escape.
    for problem in (*check_sections(concrete), *across.check(concrete)):
        if problem.severity is Severity.ERROR:
            raise ProvisionError(problem.message, path=path_text(problem.place), hint=problem.hint)
    named = replace(facts, hostname=concrete.hostname or facts.hostname)
    return tuple(step for section in SECTIONS for step in section.plan(concrete, named))


def _with_facts(document: Document, facts: Facts) -> Document:
    """`facts.hostname` means the name the machine gets, so the config's own comes first."""
    named = expand(document.hostname, facts, ("hostname",))
    return expand(document, replace(facts, hostname=named or facts.hostname), ())
