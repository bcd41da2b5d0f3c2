"""What no section can see alone: one path used twice, a path below a file, owners nobody creates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.etcd import DROPIN_PATH
from provision.sections.names import ACCOUNT_NAME
from provision.sections.network import paths_of
from provision.sections.units import preset_paths, unit_path

if TYPE_CHECKING:
    from provision.document import Document

# Accounts of Debian's base-passwd, of systemd and of the packages images are built with.
SYSTEM_USERS = frozenset(
    [
        "root",
        "daemon",
        "bin",
        "sys",
        "sync",
        "games",
        "man",
        "lp",
        "mail",
        "news",
        "uucp",
        "proxy",
        "www-data",
        "backup",
        "list",
        "irc",
        "_apt",
        "nobody",
        "systemd-network",
        "systemd-resolve",
        "systemd-timesync",
        "systemd-journal-remote",
        "systemd-coredump",
        "messagebus",
        "sshd",
        "etcd",
    ]
)
SYSTEM_GROUPS = frozenset(
    [
        "root",
        "daemon",
        "bin",
        "sys",
        "adm",
        "tty",
        "disk",
        "lp",
        "mail",
        "news",
        "uucp",
        "man",
        "proxy",
        "kmem",
        "dialout",
        "fax",
        "voice",
        "cdrom",
        "floppy",
        "tape",
        "sudo",
        "audio",
        "dip",
        "www-data",
        "backup",
        "operator",
        "list",
        "irc",
        "src",
        "shadow",
        "utmp",
        "video",
        "sasl",
        "plugdev",
        "staff",
        "games",
        "users",
        "nogroup",
        "systemd-journal",
        "systemd-network",
        "systemd-resolve",
        "systemd-timesync",
        "input",
        "sgx",
        "kvm",
        "render",
        "crontab",
        "netdev",
        "messagebus",
        "_ssh",
        "ssh",
        "etcd",
        "wheel",
        "docker",
    ]
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A path that a part of the config makes."""

    path: str
    place: Place
    kind: str


def check(document: Document) -> Iterator[Problem]:
    claims = tuple(_claims(document))
    yield from _check_paths(claims)
    yield from _check_names(document)
    yield from _check_owners(document)


def _claims(document: Document) -> Iterator[Claim]:
    if document.hostname is not None:
        yield Claim("/etc/hostname", ("hostname",), "file")
    for index, directory in enumerate(document.directories):
        yield Claim(directory.path, ("directories", index, "path"), "directory")
    for index, file in enumerate(document.files):
        yield Claim(file.path, ("files", index, "path"), "file")
    for index, link in enumerate(document.links):
        yield Claim(link.path, ("links", index, "path"), "link")
    yield from _unit_claims(document)
    yield from _network_claims(document)
    if document.etcd is not None:
        yield Claim(DROPIN_PATH, ("etcd",), "file")


def _unit_claims(document: Document) -> Iterator[Claim]:
    for index, unit in enumerate(document.units):
        # A unit without content is the system's own: its path is claimed to find the same unit listed twice.
        yield Claim(unit_path(unit), ("units", index, "name"), "file")
        names: set[str] = set()
        for number, dropin in enumerate(unit.dropins):
            if dropin.name not in names:  # twice in one unit is reported by the unit itself
                path = f"{unit_path(unit)}.d/{dropin.name}"
                yield Claim(path, ("units", index, "dropins", number, "name"), "file")
            names.add(dropin.name)
    for path in preset_paths(document.units):
        yield Claim(path, ("units",), "file")


def _network_claims(document: Document) -> Iterator[Claim]:
    names: set[str] = set()
    for index, interface in enumerate(document.network.interfaces if document.network else ()):
        # The first file alone tells of a name used twice.
        for path in paths_of(interface)[: 1 if interface.name in names else None]:
            yield Claim(path, ("network", "interfaces", index, "name"), "file")
        names.add(interface.name)


def _check_paths(claims: tuple[Claim, ...]) -> Iterator[Problem]:
    first: dict[str, Claim] = {}
    for claim in claims:
        earlier = first.setdefault(claim.path, claim)
        if earlier is not claim:
            message = f"{claim.path!r} is made by {path_text(earlier.place)} already"
            yield error("duplicate-path", claim.place, message)
    for claim in claims:
        for parent in PurePosixPath(claim.path).parents:
            above = first.get(str(parent))
            if above is not None and above.kind != "directory":
                maker = path_text(above.place)
                message = f"{claim.path!r} is below {above.path!r}, which {maker} makes a {above.kind}"
                yield error(f"below-{above.kind}", claim.place, message)


def _check_names(document: Document) -> Iterator[Problem]:
    rows = [_numbered("groups", "name", [group.name for group in document.groups])]
    rows += [_numbered("users", "name", [user.name for user in document.users])]
    rows += [_numbered("groups", "gid", [group.gid for group in document.groups])]
    rows += [_numbered("users", "uid", [user.uid for user in document.users])]
    for row in rows:
        seen: dict[str | int, Place] = {}
        for place, value in row:
            if value in seen:
                code = "duplicate-name" if isinstance(value, str) else "duplicate-id"
                yield error(code, place, f"{value!r} is used by {path_text(seen[value])} already")
            seen.setdefault(value, place)


def _numbered(section: str, field: str, values: Sequence[str | int | None]) -> list[tuple[Place, str | int]]:
    return [((section, index, field), value) for index, value in enumerate(values) if value is not None]


def _check_owners(document: Document) -> Iterator[Problem]:
    users = SYSTEM_USERS | {user.name for user in document.users}
    # useradd(8) makes a group of the user's name unless a primary group is given.
    own = {user.name for user in document.users if user.primary_group is None}
    groups = SYSTEM_GROUPS | {group.name for group in document.groups} | own
    for place, kind, name in _owners(document):
        known = users if kind == "user" else groups
        # What is no account name is reported by its own section; a number is an id.
        if isinstance(name, str) and ACCOUNT_NAME.fullmatch(name) and name not in known:
            hint = f"add it to {kind}s, unless the image has it"
            yield warning(f"unknown-{kind}", place, f"the config makes no {kind} {name!r}", hint)


def _owners(document: Document) -> Iterator[tuple[Place, str, str | int]]:
    for index, user in enumerate(document.users):
        if user.primary_group is not None:
            yield ("users", index, "primary_group"), "group", user.primary_group
        for number, group in enumerate(user.groups):
            yield ("users", index, "groups", number), "group", group
    for index, file in enumerate(document.files):
        yield ("files", index, "user"), "user", file.user
        yield ("files", index, "group"), "group", file.group
    for index, directory in enumerate(document.directories):
        yield ("directories", index, "user"), "user", directory.user
        yield ("directories", index, "group"), "group", directory.group
