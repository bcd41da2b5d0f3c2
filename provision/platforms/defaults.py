"""What a platform says about a machine holds where the config says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import structs

from provision.document import Document
from provision.facts import Facts
from provision.findings import Problem, Severity, path_text
from provision.platforms.contract import Provided

if TYPE_CHECKING:
    from provision.sections.users import User

DEFAULT_USER = "root"  # there on every machine; sshd lets it in by key and not by password (PermitRootLogin)


def beneath(document: Document, provided: Provided) -> Document:
    """The config, and beneath it the platform's hostname, network and SSH keys.

    A config that lets anybody in by key says who may log in: then the platform's keys are for nobody.
    """
    return structs.replace(
        document,
        hostname=provided.hostname if document.hostname is None else document.hostname,
        network=provided.network if document.network is None else document.network,
        users=_users(document.users, provided.ssh_keys),
    )


def usable(provided: Provided) -> Provided:
    """Without what the language does not take: its checks hold for a cloud's words as for a person's.

    What is left out is among the warnings.
    """
    problems: list[Problem] = []
    keys = provided.ssh_keys
    if keys:
        from provision.sections.ssh_keys import check_ssh_key

        found = {key: _errors(check_ssh_key(key, ("ssh_keys",))) for key in keys}
        keys = tuple(key for key in keys if not found[key])
        problems += [problem for errors in found.values() for problem in errors]
    network = provided.network
    if network is not None:
        from provision.sections.network import check

        errors = _errors(check(network, ("network",)))
        network = None if errors else network
        problems += errors
    warnings = tuple(
        f"of the platform's metadata, {path_text(problem.place)} is not used: {problem.message}"
        for problem in problems
    )
    return structs.replace(provided, ssh_keys=keys, network=network, warnings=(*provided.warnings, *warnings))


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _users(users: tuple[User, ...], keys: tuple[str, ...]) -> tuple[User, ...]:
    if not keys or any(user.ssh_authorized_keys is not None for user in users):
        return users
    named = next((user for user in users if user.name == DEFAULT_USER and not user.absent), None)
    if named is None:
        from provision.sections.users import User

        return (*users, User(name=DEFAULT_USER, ssh_authorized_keys=keys))
    with_keys = structs.replace(named, ssh_authorized_keys=keys)
    return tuple(with_keys if user is named else user for user in users)


def with_facts(facts: Facts, platform: str, provided: Provided) -> Facts:
    """What the platform knows of the machine, for variables."""
    return structs.replace(facts, platform=platform, instance_id=provided.instance_id, **provided.facts)
