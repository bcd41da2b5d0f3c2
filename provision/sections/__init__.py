"""The language, one noun a file: its type, what is checked about it, and the steps it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from msgspec import Struct, structs

from provision.actions import Step
from provision.errors import ProvisionError
from provision.facts import Facts
from provision.findings import Place, Problem, Severity, path_text
from provision.sections import across, clear_secrets
from provision.sections.claims import Claim
from provision.variables import expand

if TYPE_CHECKING:
    from provision.document import Document


class SectionModule(Protocol):
    """`check` says what is wrong with a section's value, `plan` what it asks for.

    `claims`, which sections that make no files do without, says which paths that is.
    """

    @staticmethod
    def check(value: Any, place: Place, /) -> Iterator[Problem]: ...  # each module has its own type

    @staticmethod
    def plan(value: Any, facts: Facts, /) -> Iterator[Step]: ...


class Section(Struct, frozen=True):
    """A part of the language, a field of Document; its module is imported only when a config has it."""

    name: str
    module: str

    def value(self, document: Document) -> Any:
        return getattr(document, self.name)

    def load(self) -> SectionModule:
        # Every module listed in SECTIONS has this shape; a test imports them all.
        return cast(SectionModule, import_module(self.module))


# In the order in which a machine is made: owners before what they own, texts before what is enabled.
SECTIONS: tuple[Section, ...] = (
    Section("hostname", "provision.sections.hostname"),
    Section("groups", "provision.sections.groups"),
    Section("users", "provision.sections.users"),
    Section("directories", "provision.sections.directories"),
    Section("trees", "provision.sections.trees"),
    Section("files", "provision.sections.files"),
    Section("links", "provision.sections.links"),
    Section("units", "provision.sections.units"),
    Section("network", "provision.sections.network"),
    Section("containers", "provision.sections.containers"),
    Section("etcd", "provision.sections.etcd"),
    Section("report", "provision.sections.report"),
    Section("ssh_host_keys", "provision.sections.ssh_host_keys"),
    Section("hosts", "provision.sections.hosts_file"),
    Section("kernel", "provision.sections.kernel"),
    Section("time", "provision.sections.time"),
    Section("locale", "provision.sections.locale"),
    Section("keyboard", "provision.sections.keyboard"),
    Section("trust", "provision.sections.trust"),
    Section("proxy", "provision.sections.proxy"),
    Section("commands", "provision.sections.commands"),
)


def asked_for(document: Document) -> Iterator[tuple[Section, Any]]:
    """The sections that say something, with their values. An empty text says something."""
    for section in SECTIONS:
        value = section.value(document)
        if value is not None and value != ():
            yield section, value


def check_sections(document: Document) -> Iterator[Problem]:
    """What each section says about itself."""
    for section, value in asked_for(document):
        yield from section.load().check(value, (section.name,))


def check_document(document: Document) -> Iterator[Problem]:
    """What can be known to be wrong, its variables apart, without looking at a machine."""
    yield from check_sections(document)
    yield from across.check(document, claims_of(document))
    yield from clear_secrets.check(document)
    if document.units:
        from provision.sections import unit_references  # not at the top, as the sections themselves

        yield from unit_references.check(document)


def claims_of(document: Document) -> tuple[Claim, ...]:
    """The paths that the config makes or removes; first those that the user wrote as paths."""
    return tuple(
        claim
        for section, value in sorted(asked_for(document), key=_makes_more_than_paths)
        for claim in getattr(section.load(), "claims", _no_claims)(value, (section.name,))
    )


def _makes_more_than_paths(asked: tuple[Section, Any]) -> bool:
    return asked[0].name not in ("hostname", "directories", "trees", "files", "links")


def _no_claims(_value: object, _place: Place) -> Iterator[Claim]:
    yield from ()


def plan_document(document: Document, facts: Facts) -> tuple[Step, ...]:
    """The steps this machine's document asks for, variables filled in. Pure; steps may need ordering.

    Raises ProvisionError when a variable names a fact that is not known, or a value is wrong once filled in.
    """
    concrete = _with_facts(document, facts)
    # Again where facts were filled in: only now the values are whole. A `${facts.` still there was written with an
    # escape.
    for problem in check_document(concrete) if concrete is not document else ():
        if problem.severity is Severity.ERROR:
            raise ProvisionError(problem.message, path=path_text(problem.place), hint=problem.hint)
    named = structs.replace(facts, hostname=concrete.hostname or facts.hostname)
    return tuple(step for section, value in asked_for(concrete) for step in section.load().plan(value, named))


def _with_facts(document: Document, facts: Facts) -> Document:
    """`facts.hostname` means the name the machine gets, so the config's own comes first."""
    named = expand(document.hostname, facts, ("hostname",))
    return expand(document, structs.replace(facts, hostname=named or facts.hostname), ())
