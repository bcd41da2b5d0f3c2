"""Names an action the way a person would."""

from __future__ import annotations

from provision.actions import (
    Action,
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
    UnpackTree,
    WriteFile,
)


def describe(action: Action) -> str:
    """The thing the action is about, e.g. `file /etc/motd`; no content, so nothing secret."""
    match action:
        case WriteFile(path=path) | AppendText(path=path) | RemovePath(path=path, directory=False):
            return f"file {path}"
        case EnsureDirectory(path=path) | RemovePath(path=path):
            return f"directory {path}"
        case EnsureKernelArguments(path=path):
            return f"kernel arguments in {path}"
        case UnpackTree(path=path):
            return f"tree {path}"
        case EnsureLink(path=path, hard=hard):
            return f"hard link {path}" if hard else f"link {path}"
        case EnsureUser(name=name) | RemoveUser(name=name):
            return f"user {name}"
        case EnsureGroup(name=name) | RemoveGroup(name=name):
            return f"group {name}"
        case EnsureAuthorizedKeys(user=user):
            return f"SSH keys of {user}"
        case EnsureBlock(path=path, name=name):
            return f"{name} in {path}"
        case EnableUnit(name=name, user=user) | MaskUnit(name=name, user=user):
            return f"user unit {name}" if user else f"unit {name}"
