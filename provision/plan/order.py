"""The order in which steps can be carried out: what owns before what is owned."""

from __future__ import annotations

from collections.abc import Iterable

from provision.actions import (
    AppendText,
    EnableUnit,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureDirectory,
    EnsureGroup,
    EnsureKernelArguments,
    EnsureLink,
    EnsureUser,
    MaskUnit,
    RemoveGroup,
    RemovePath,
    RemoveUser,
    Step,
    UnpackTree,
    WriteFile,
)

# What goes makes room; a group goes after the users whose own it is. A user needs its groups, keys a home, files
# their owner and directory, hard links the file they name, and systemctl the unit's file; it refuses to enable
# a masked unit.
ORDER: tuple[type, ...] = (
    RemovePath,
    RemoveUser,
    RemoveGroup,
    EnsureGroup,
    EnsureUser,
    EnsureAuthorizedKeys,
    EnsureDirectory,
    UnpackTree,
    WriteFile,
    AppendText,
    EnsureBlock,
    EnsureKernelArguments,
    EnsureLink,
    MaskUnit,
    EnableUnit,
)
RANKS = {action: rank for rank, action in enumerate(ORDER)}


def ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Stable: steps that do not depend on each other stay in the order of the config."""
    return tuple(sorted(steps, key=_rank))


def _rank(step: Step) -> tuple[int, int]:
    action = step.action
    within = 0
    if isinstance(action, EnsureDirectory):
        within = action.path.rstrip("/").count("/")  # shallow before deep
    elif isinstance(action, RemovePath):
        within = -action.path.count("/")  # deep before shallow
    elif isinstance(action, EnsureLink):
        within = int(action.hard)  # a hard link may name a symbolic one
    return RANKS[type(action)], within
