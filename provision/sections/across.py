"""What no section can see alone: one path used twice, a path below a file, owners nobody creates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from provision.findings import Place, Problem, error, path_text, warning
from provision.kernel_arguments import COMMAND_LINE_PATH, GRUB_PATH
from provision.sections.commands import script_path
from provision.sections.commands import unit_path as command_path
from provision.sections.containers import paths as container_paths
from provision.sections.etcd import DROPIN_PATH
from provision.sections.hosts_file import HOSTS_PATH
from provision.sections.kernel import MODULES_PATH, SYSCTL_PATH
from provision.sections.keyboard import DEBIAN_KEYBOARD_PATH, VCONSOLE_PATH
from provision.sections.locale import DEBIAN_LOCALE_PATH, LOCALE_PATH
from provision.sections.names import ACCOUNT_NAME
from provision.sections.network import paths_of
from provision.sections.proxy import SHELL_PATH, SYSTEM_PATH, USER_PATH
from provision.sections.sudo_rules import sudoers_path
from provision.sections.time import LOCALTIME_PATH, TIMESYNC_PATH, TIMESYNC_UNIT, TIMEZONE_PATH
from provision.sections.trust import BUNDLE_PATH, certificate_path
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
    yield from _check_low_ids(document)
    yield from _check_needed_units(document)


def _claims(document: Document) -> Iterator[Claim]:
    if document.hostname is not None:
        yield Claim("/etc/hostname", ("hostname",), "file")
    for index, directory in enumerate(document.directories):
        kind = "absent" if directory.absent else "directory"
        yield Claim(directory.path, ("directories", index, "path"), kind)
    for index, tree in enumerate(document.trees):
        yield Claim(tree.path, ("trees", index, "path"), "directory")
    for index, file in enumerate(document.files):
        yield Claim(file.path, ("files", index, "path"), "absent" if file.absent else "file")
    for index, link in enumerate(document.links):
        yield Claim(link.path, ("links", index, "path"), "absent" if link.absent else "link")
    for index, user in enumerate(document.users):
        if user.sudo_rules:
            yield Claim(sudoers_path(user.name), ("users", index, "sudo"), "file")
    yield from _unit_claims(document)
    yield from _network_claims(document)
    yield from _container_claims(document)
    if document.etcd is not None:
        yield Claim(DROPIN_PATH, ("etcd",), "file")
    for index, key in enumerate(document.ssh_host_keys):
        yield Claim(key.path, ("ssh_host_keys", index), "file")
        yield Claim(f"{key.path}.pub", ("ssh_host_keys", index), "file")
    yield from _setting_claims(document)
    yield from _trust_claims(document)
    yield from _command_claims(document)


def _setting_claims(document: Document) -> Iterator[Claim]:
    if document.hosts:
        yield Claim(HOSTS_PATH, ("hosts",), "file")
    for path in (GRUB_PATH, COMMAND_LINE_PATH) if document.kernel and document.kernel.arguments else ():
        yield Claim(path, ("kernel", "arguments"), "file")
    if document.kernel and document.kernel.modules:
        yield Claim(MODULES_PATH, ("kernel", "modules"), "file")
    if document.kernel and document.kernel.sysctl:
        yield Claim(SYSCTL_PATH, ("kernel", "sysctl"), "file")
    if document.time and document.time.zone:
        yield Claim(LOCALTIME_PATH, ("time", "zone"), "link")
        yield Claim(TIMEZONE_PATH, ("time", "zone"), "file")
    if document.time and document.time.ntp:
        yield Claim(TIMESYNC_PATH, ("time", "ntp"), "file")
    if document.locale:
        yield Claim(LOCALE_PATH, ("locale",), "file")
        yield Claim(DEBIAN_LOCALE_PATH, ("locale",), "link")
    for path in (VCONSOLE_PATH, DEBIAN_KEYBOARD_PATH) if document.keyboard else ():
        yield Claim(path, ("keyboard",), "file")
    for path in (SYSTEM_PATH, USER_PATH, SHELL_PATH) if document.proxy else ():
        yield Claim(path, ("proxy",), "file")


def _trust_claims(document: Document) -> Iterator[Claim]:
    names: set[str] = set()
    for index, authority in enumerate(document.trust.certificate_authorities if document.trust else ()):
        place: Place = ("trust", "certificate_authorities", index, "name")
        if not names:
            yield Claim(BUNDLE_PATH, place[:1], "file")
        if authority.name not in names:  # twice is reported by the section itself
            yield Claim(certificate_path(authority), place, "file")
        names.add(authority.name)


def _command_claims(document: Document) -> Iterator[Claim]:
    names: set[str] = set()
    for index, command in enumerate(document.commands):
        if command.name not in names:  # twice is reported by the section itself
            yield Claim(command_path(command), ("commands", index, "name"), "file")
            if command.script is not None:
                yield Claim(script_path(command), ("commands", index, "script"), "file")
        names.add(command.name)


def _container_claims(document: Document) -> Iterator[Claim]:
    names: set[str] = set()
    for index, container in enumerate(document.containers):
        if container.name not in names:  # a name twice is reported by the section itself
            for path in container_paths(container):
                yield Claim(path, ("containers", index, "name"), "file")
        names.add(container.name)


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
            message = f"{claim.path!r} is {_verb(earlier)} by {path_text(earlier.place)} already"
            yield error("duplicate-path", claim.place, message)
    for claim in claims:
        for parent in PurePosixPath(claim.path).parents:
            above = first.get(str(parent))
            if above is not None and above.kind != "directory" and not (above.kind == claim.kind == "absent"):
                maker = path_text(above.place)
                does = "removes" if above.kind == "absent" else f"makes a {above.kind}"
                message = f"{claim.path!r} is below {above.path!r}, which {maker} {does}"
                yield error(f"below-{above.kind}", claim.place, message)


def _verb(claim: Claim) -> str:
    return "removed" if claim.kind == "absent" else "made"


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
    made = [user for user in document.users if not user.absent]
    users = SYSTEM_USERS | {user.name for user in made}
    # useradd(8) makes a group of the user's name unless a primary group is given.
    own = {user.name for user in made if user.primary_group is None}
    groups = SYSTEM_GROUPS | {group.name for group in document.groups} | own
    removed = {
        "user": {user.name for user in document.users if user.absent},
        "group": {group.name for group in document.groups if group.absent},
    }
    for place, kind, name in _owners(document):
        known = users if kind == "user" else groups
        if name in removed[kind]:
            yield error(f"removed-{kind}", place, f"the config removes {kind} {name!r}")
            continue
        # What is no account name is reported by its own section; a number is an id.
        if isinstance(name, str) and ACCOUNT_NAME.fullmatch(name) and name not in known:
            hint = f"add it to {kind}s, unless the image has it"
            yield warning(f"unknown-{kind}", place, f"the config makes no {kind} {name!r}", hint)


def _owners(document: Document) -> Iterator[tuple[Place, str, str | int | None]]:
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
    for index, tree in enumerate(document.trees):
        yield ("trees", index, "user"), "user", tree.user
        yield ("trees", index, "group"), "group", tree.group


FIRST_USER_ID = 1000  # UID_MIN of login.defs(5): packages take the ids below


def _check_low_ids(document: Document) -> Iterator[Problem]:
    for index, user in enumerate(document.users):
        is_low = user.uid is not None and 0 < user.uid < FIRST_USER_ID
        if is_low and not user.system and user.name not in SYSTEM_USERS:
            message = f"ids below {FIRST_USER_ID} are for system users; a package may take {user.uid}"
            yield warning("low-id", ("users", index, "uid"), message, "write `system: true`, or another id")


def _check_needed_units(document: Document) -> Iterator[Problem]:
    """A unit that a section starts and `units` forbids would change at every apply."""
    needed = dict(_needed_units(document))
    for index, unit in enumerate(document.units):
        if unit.name not in needed:
            continue
        field = "mask" if unit.mask else "enable"
        if unit.mask or unit.enable is False:
            message = f"{unit.name!r} is needed by {path_text(needed[unit.name])}"
            yield error("unit-needed", ("units", index, field), message, "remove one of the two")


def _needed_units(document: Document) -> Iterator[tuple[str, Place]]:
    if document.etcd is not None:
        yield "etcd.service", ("etcd",)
    if document.time and document.time.ntp:
        yield TIMESYNC_UNIT, ("time", "ntp")
