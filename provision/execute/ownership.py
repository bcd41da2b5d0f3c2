"""What a plan would own once applied, and what an earlier one owned that nobody asks for any more."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from posixpath import dirname

from msgspec import Struct

from provision.actions import (
    AppendText,
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureDirectory,
    EnsureKernelArguments,
    EnsureLink,
    MaskUnit,
    Step,
    WriteFile,
)
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.command import demand
from provision.execute.difference import NOT_KNOWN, Difference, Kind, lost_lines
from provision.execute.handlers.blocks import block_of, has_block, remove_block
from provision.execute.handlers.files import losses
from provision.execute.handlers.keys import keys_path
from provision.execute.handlers.units import ENABLED, MASKED, systemctl, unit_states
from provision.execute.journal import Thing
from provision.execute.machine import Machine
from provision.execute.path_walk import parts
from provision.execute.target import Target
from provision.execute.wanted import read_wanted
from provision.kernel_arguments import GRUB_PATH

# What a thing about a unit says, and whether it is a unit of users.
UNIT_KINDS = {
    "enabled": ("enabled", False),
    "masked": ("masked", False),
    "user-enabled": ("enabled", True),
    "user-masked": ("masked", True),
}


class Removal(Struct, frozen=True):
    thing: Thing
    difference: Difference


class Leaving(Struct, frozen=True):
    """What nobody asks for any more. `vanished`: gone without us, so never ours again should it come back."""

    removals: tuple[Removal, ...] = ()
    vanished: tuple[Thing, ...] = ()

    @property
    def gone(self) -> tuple[Thing, ...]:
        """All that is not there any more once the removals are done."""
        return (*(removal.thing for removal in self.removals), *self.vanished)


def thing_of(step: Step) -> Thing | None:
    """None for accounts and for texts in the files of others, which stay, and for what takes something away."""
    match step.action:
        case WriteFile(path=path) | EnsureLink(path=path):
            return Thing("file", path)
        case EnsureKernelArguments(path=path) if path == GRUB_PATH:  # the other file is the machine's own
            return Thing("file", path)
        case EnsureDirectory(path=path):
            return Thing("directory", path)
        case EnsureAuthorizedKeys(user=user):
            return Thing("keys", user)
        case EnsureBlock(path=path, name=name):
            return Thing("block", f"{name}#{path}")
        case EnableUnit(name=name, enabled=True, user=user):
            return Thing("user-enabled" if user else "enabled", name)
        case MaskUnit(name=name, masked=True, user=user):
            return Thing("user-masked" if user else "masked", name)
        case _:
            return None


def paths_of(target: Target, steps: Iterable[Step]) -> tuple[str, ...]:
    """Paths that the steps are about; keys of a user who does not exist yet have none."""
    accounts = read_accounts(target)
    found = (_path_of(accounts, step) for step in steps)
    return tuple(path for path in found if path)


def to_be_created(target: Target, steps: Sequence[Step]) -> frozenset[Thing]:
    """What these steps, which were found to create something, bring into being; missing parents as well."""
    # One entry of each directory stands for all: a plan has many files in few directories.
    entries = {dirname(path): path for path in paths_of(target, steps)}
    parents = {parent for path in entries.values() for parent in target.missing_parents(path)}
    things = {thing for step in steps if (thing := thing_of(step))}
    return frozenset(things | {Thing("directory", parent) for parent in parents})


def leaving(machine: Machine, owned: frozenset[Thing], steps: Sequence[Step]) -> Leaving:
    """In the order to remove them: units, blocks in files, files, then directories from the deepest up."""
    if not owned:
        return Leaving()
    machine.target.look_anew()
    stale = owned - _asked(machine.target, steps)
    if not stale:
        return Leaving()
    hidden = [thing for thing in sorted(stale) if _is_hidden(machine.target, thing)]
    stale -= set(hidden)
    units = [thing for thing in sorted(stale) if _is_set(machine, thing)]
    blocks = [thing for thing in sorted(stale) if _has_block(machine.target, thing)]
    files = [thing for thing in sorted(stale) if _file_path(machine.target, thing) is not None]
    gone = {_file_path(machine.target, thing) or "" for thing in files}
    kept = {
        thing for thing in stale if thing.kind == "directory" and _is_directory(machine.target, thing.name)
    }
    directories = _empty_directories(machine.target, kept, gone)
    ordered = [*units, *blocks, *files, *directories]
    vanished = sorted(stale - kept - set(ordered))
    open_paths = _open_paths(machine.target)
    removals = [
        Removal(thing, _difference(thing, _losses(machine.target, thing, open_paths))) for thing in ordered
    ]
    unseen = [
        Removal(thing, _difference(thing, (f"{NOT_KNOWN}only root may look at it",))) for thing in hidden
    ]
    return Leaving((*removals, *unseen), tuple(vanished))


def remove(machine: Machine, thing: Thing) -> None:
    if thing.kind in UNIT_KINDS:
        wish, user = UNIT_KINDS[thing.kind]
        verb = "disable" if wish == "enabled" else "unmask"
        demand(machine.programs, [*systemctl(machine, user=user), verb, thing.name])
    elif thing.kind == "block":
        name, _, place = thing.name.partition("#")
        remove_block(machine.target, place, name)
    elif thing.kind == "directory":
        machine.target.remove_directory(thing.name)
    elif (path := _file_path(machine.target, thing)) is not None:
        machine.target.remove(path)


def _path_of(accounts: Accounts, step: Step) -> str | None:
    match step.action:
        case (
            WriteFile(path=path)
            | AppendText(path=path)
            | EnsureLink(path=path)
            | EnsureDirectory(path=path)
            | EnsureBlock(path=path)
            | EnsureKernelArguments(path=path)
        ):
            return path
        case EnsureAuthorizedKeys(user=name) if name in accounts.users:
            return keys_path(accounts.users[name])
        case _:
            return None


def _asked(target: Target, steps: Sequence[Step]) -> set[Thing]:
    things = {thing for step in steps if (thing := thing_of(step))}
    names = [parts(path) for path in paths_of(target, steps)]
    parents = {"/" + "/".join(name[:depth]) for name in names for depth in range(1, len(name))}
    return things | {Thing("directory", parent) for parent in parents}


def _is_hidden(target: Target, thing: Thing) -> bool:
    """A plan may be made without privileges; whether the thing still is there is then not known."""
    try:
        if thing.kind == "directory":
            target.list_directory(thing.name)
        else:
            _has_block(target, thing)
            _losses(target, thing, frozenset())
    except PermissionError:
        return True
    return False


def _open_paths(target: Target) -> frozenset[str]:
    """Files whose content the config that made them did not call a secret."""
    actions = [wanted.step.action for wanted in read_wanted(target) or ()]
    return frozenset(action.path for action in actions if isinstance(action, WriteFile) and not action.secret)


def _losses(target: Target, thing: Thing, open_paths: frozenset[str]) -> tuple[str, ...]:
    if thing.kind in UNIT_KINDS:
        return (f"-{UNIT_KINDS[thing.kind][0]}",)
    if thing.kind == "block":
        name, _, path = thing.name.partition("#")
        return lost_lines(block_of(target.read_file(path) or b"", name) or b"")
    path = thing.name if thing.kind == "directory" else _file_path(target, thing) or thing.name
    entry = target.stat(path)
    if entry is None:
        return ()
    return tuple(losses(target, read_accounts(target), path, entry, shown=path in open_paths))


def _is_set(machine: Machine, thing: Thing) -> bool:
    """Whether a unit still is as an earlier apply made it."""
    if thing.kind not in UNIT_KINDS:
        return False
    wish, user = UNIT_KINDS[thing.kind]
    state = unit_states(machine, [thing.name], user=user)[thing.name]
    return state in ENABLED if wish == "enabled" else state == MASKED


def _has_block(target: Target, thing: Thing) -> bool:
    name, _, path = thing.name.partition("#")
    return thing.kind == "block" and has_block(target, path, name)


def _file_path(target: Target, thing: Thing) -> str | None:
    """Path of a file or link that is still there."""
    if thing.kind not in ("file", "keys"):
        return None
    user = read_accounts(target).users.get(thing.name) if thing.kind == "keys" else None
    path = keys_path(user) if user else thing.name
    entry = target.stat(path)
    return None if entry is None or stat.S_ISDIR(entry.st_mode) else path


def _is_directory(target: Target, path: str) -> bool:
    entry = target.stat(path)
    return entry is not None and stat.S_ISDIR(entry.st_mode)


def _empty_directories(target: Target, directories: Iterable[Thing], gone: set[str]) -> list[Thing]:
    """Directories that hold nothing but what goes away before them."""
    found = []
    for name in sorted((thing.name for thing in directories), key=_deepest_first):
        if all(f"{name.rstrip('/')}/{child}" in gone for child in target.list_directory(name)):
            gone.add(name)
            found.append(Thing("directory", name))
    return found


def _deepest_first(path: str) -> tuple[int, str]:
    return -len(parts(path)), path


_SUMMARIES = {
    "block": "{}",
    "directory": "directory {}",
    "enabled": "unit {}",
    "file": "file {}",
    "keys": "SSH keys of {}",
    "masked": "unit {}",
    "user-enabled": "user unit {}",
    "user-masked": "user unit {}",
}


def _difference(thing: Thing, lines: tuple[str, ...]) -> Difference:
    name = thing.name.replace("#", " in ", 1) if thing.kind == "block" else thing.name
    return Difference(Kind.REMOVE, _SUMMARIES[thing.kind].format(name), lines)
