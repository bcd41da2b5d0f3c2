"""What no section can see alone: one path used twice, a path below a file, owners nobody creates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import dirname
from typing import TYPE_CHECKING

from provision.findings import Place, Problem, error, path_text, warning
from provision.sections.claims import Claim
from provision.sections.names import ACCOUNT_NAME

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


def check(document: Document, claims: tuple[Claim, ...]) -> Iterator[Problem]:
    """`claims` are those of all sections."""
    yield from _check_paths(claims)
    yield from _check_hard_links(document, claims)
    yield from _check_places(claims)
    yield from _check_names(document)
    yield from _check_owners(document)
    yield from _check_low_ids(document)
    yield from _check_needed_units(document)
    if document.etcd is not None:
        from provision.sections.etcd.files import check_files

        kinds = {claim.path: claim.kind for claim in claims}
        written = {file.path: (index, file) for index, file in enumerate(document.files) if not file.absent}
        yield from check_files(document.etcd, kinds, written)


def _check_paths(claims: tuple[Claim, ...]) -> Iterator[Problem]:
    first: dict[str, Claim] = {}
    for claim in claims:
        earlier = first.setdefault(claim.path, claim)
        if earlier is not claim:
            message = f"{claim.path!r} is {_verb(earlier)} by {path_text(earlier.place)} already"
            yield error("duplicate-path", claim.place, message)
    for claim in claims:
        for parent in _parents(claim.path):
            above = first.get(parent)
            if above is not None and above.kind != "directory" and not (above.kind == claim.kind == "absent"):
                maker = path_text(above.place)
                does = "removes" if above.kind == "absent" else f"makes a {above.kind}"
                message = f"{claim.path!r} is below {above.path!r}, which {maker} {does}"
                yield error(f"below-{above.kind}", claim.place, message)


def _check_hard_links(document: Document, claims: tuple[Claim, ...]) -> Iterator[Problem]:
    """Linux gives a directory one name (link(2), EPERM); and what is not there has none to be added to."""
    kinds = {claim.path: claim for claim in claims if claim.kind in ("absent", "directory")}
    for index, link in enumerate(document.links):
        target = kinds.get(link.target or "") if link.hard else None
        if target is None:
            continue
        place: Place = ("links", index, "target")
        if target.kind == "absent":
            yield error("removed-file", place, f"{target.path!r} is removed by {path_text(target.place)}")
        else:
            message = f"{target.path!r} is a directory, made by {path_text(target.place)}"
            yield error(
                "hard-link-directory", place, message, "remove `hard`: a symbolic link can point to it"
            )


# The kernel's own; and what is empty again after a boot: file-hierarchy(7).
KERNEL_PATHS = ("/proc/", "/sys/")
FORGOTTEN_PATHS = ("/dev/", "/run/", "/tmp/", "/var/run/")  # noqa: S108 - nothing is made there


def _check_places(claims: tuple[Claim, ...]) -> Iterator[Problem]:
    for claim in claims:
        if claim.kind == "absent":
            continue
        if claim.path.startswith(KERNEL_PATHS):
            yield error("path", claim.place, f"{claim.path!r} is the kernel's: nothing can be made there")
        elif claim.path.startswith(FORGOTTEN_PATHS):
            hint = "let systemd make it at each boot: tmpfiles.d(5)"
            yield warning("path-forgotten", claim.place, f"{claim.path!r} is gone after the next boot", hint)


def _parents(path: str) -> Iterator[str]:
    """The nearest first."""
    while (parent := dirname(path)) != path:
        yield parent
        path = parent


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
    for index, link in enumerate(document.links):
        yield ("links", index, "user"), "user", link.user
        yield ("links", index, "group"), "group", link.group
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
        # Not at the top: a config without this section does without its module.
        from provision.sections.time import TIMESYNC_UNIT

        yield TIMESYNC_UNIT, ("time", "ntp")
