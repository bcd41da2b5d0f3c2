"""Regular files: whole content, mode and owner; a batch is written beside its places and renamed together."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from provision.actions import AppendText, EnsureDirectory, EnsureLink, RemoteContent, WriteFile
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.difference import (
    MAX_TEXT_BYTES,
    Difference,
    changed,
    content_lines,
    created,
    lost_lines,
    size_lines,
)
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Ownership, StagedFile, Target
from provision.plan.describe import describe
from provision.urls import shown_url

READ_BY_OTHERS = 0o004


def probe(machine: Machine, actions: Sequence[WriteFile]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine, accounts, action))


def perform(machine: Machine, actions: Sequence[WriteFile]) -> None:
    accounts = read_accounts(machine.target)
    staged = []
    for action in actions:
        with during(action, f"write file {action.path}"):
            staged.append(_stage(machine, accounts, action))
    machine.target.commit(staged)


def is_digest_of(content: bytes, remote: RemoteContent) -> bool:
    import hashlib

    algorithm = remote.algorithm or ""
    return bool(algorithm) and hashlib.new(algorithm, content).hexdigest() == remote.digest


def metadata_lines(
    accounts: Accounts,
    entry: os.stat_result,
    *,
    mode: int | None,
    user: str | int | None,
    group: str | int | None,
) -> list[str]:
    """Mode and owner where they differ. None: any."""
    lines = []
    have_mode = stat.S_IMODE(entry.st_mode)
    if mode is not None and have_mode != mode:
        lines += [f"-mode {have_mode:04o}", f"+mode {mode:04o}"]
    if user is not None and accounts.uid(user) != entry.st_uid:
        lines += [f"-owner {accounts.user_name(entry.st_uid)}", f"+owner {user}"]
    if group is not None and accounts.gid(group) != entry.st_gid:
        lines += [f"-group {accounts.group_name(entry.st_gid)}", f"+group {group}"]
    return lines


def owner_of(
    accounts: Accounts, action: AppendText | EnsureDirectory | EnsureLink, entry: os.stat_result | None
) -> Ownership:
    """What the action does not name stays as it is; of what is new, it is root."""
    named = accounts.ownership(or_root(action.user), or_root(action.group))
    if entry is None:
        return named
    return Ownership(
        entry.st_uid if action.user is None else named.uid,
        entry.st_gid if action.group is None else named.gid,
    )


def or_root(name: str | int | None) -> str | int:
    return "root" if name is None else name


def read_regular(target: Target, path: str, entry: os.stat_result) -> tuple[bytes | None, list[str]]:
    """Content of a regular file, or lines that say why there is none to compare."""
    if not stat.S_ISREG(entry.st_mode):
        return None, [f"-{type_name(entry)}", "+file"]
    return target.read_file(path), []


def losses(target: Target, accounts: Accounts, path: str, entry: os.stat_result, *, shown: bool) -> list[str]:
    """What is lost with what is at `path`; its content only if it may be `shown`, and others may read it."""
    if stat.S_ISLNK(entry.st_mode):
        return [f"-link to {target.readlink(path)}"]
    owner = f"{accounts.user_name(entry.st_uid)}:{accounts.group_name(entry.st_gid)}"
    metadata = [f"-mode {stat.S_IMODE(entry.st_mode):04o}", f"-owner {owner}"]
    if not stat.S_ISREG(entry.st_mode):
        return metadata
    if entry.st_size > MAX_TEXT_BYTES:
        return [*metadata, f"-{entry.st_size} bytes"]
    if not shown or not entry.st_mode & READ_BY_OTHERS:
        return [*metadata, "-content <secret>"]
    return [*metadata, *lost_lines(target.read_file(path) or b"")]


def type_name(entry: os.stat_result) -> str:
    kinds = ((stat.S_ISLNK, "link"), (stat.S_ISDIR, "directory"), (stat.S_ISREG, "file"))
    return next((name for is_kind, name in kinds if is_kind(entry.st_mode)), "special file")


def _difference(machine: Machine, accounts: Accounts, action: WriteFile) -> Difference | None:
    summary = describe(action)
    entry = machine.target.stat(action.path)
    if entry is None:
        return created(summary, lambda: _new_file_lines(machine, action))
    if not action.overwrite:
        return None
    content, problem = read_regular(machine.target, action.path, entry)
    if problem:
        return changed(summary, problem)
    metadata = metadata_lines(accounts, entry, mode=action.mode, user=action.user, group=action.group)
    return changed(summary, [*metadata, *_new_content_lines(machine, action, content)])


def _new_file_lines(machine: Machine, action: WriteFile) -> Sequence[str]:
    metadata = [f"+mode {action.mode:04o}", f"+owner {action.user}:{action.group}"]
    return [*metadata, *_new_content_lines(machine, action, None)]


def _new_content_lines(machine: Machine, action: WriteFile, before: bytes | None) -> Sequence[str]:
    if before is not None and _is_known_as(action, before):
        return ()
    pieces = (action.content, *action.rest)
    unknown = [
        piece for piece in pieces if isinstance(piece, RemoteContent) and piece not in machine.contents
    ]
    if unknown:
        return tuple(f"+content of {shown_url(piece.url)}" for piece in unknown)
    wanted = b"".join(fetched(machine, piece) for piece in pieces)
    if before == wanted:
        return ()
    if action.secret:
        return ("+content <secret>",) if before is None else ("-content <secret>", "+content <secret>")
    return content_lines(before, wanted) or size_lines(None, 0)


def _stage(machine: Machine, accounts: Accounts, action: WriteFile) -> StagedFile:
    entry = machine.target.stat(action.path)
    if entry is not None and stat.S_ISDIR(entry.st_mode):
        raise ProvisionError(f"{action.path} is a directory", hint="remove it, or choose another path")
    owner = accounts.ownership(action.user, action.group)
    content = content_to_write(machine, action)
    return machine.target.stage_file(action.path, content, mode=action.mode, owner=owner)


def content_to_write(machine: Machine, action: WriteFile) -> bytes:
    if isinstance(action.content, RemoteContent) and action.content not in machine.contents:
        # What is there already has the right content, so nothing was fetched: only mode or owner differ.
        present = machine.target.read_file(action.path)
        if present is not None and _is_known_as(action, present):
            return present
    return b"".join(fetched(machine, piece) for piece in (action.content, *action.rest))


def _is_known_as(action: WriteFile, content: bytes) -> bool:
    """By its digest alone, as long as nothing follows what has that digest."""
    return (
        isinstance(action.content, RemoteContent)
        and not action.rest
        and is_digest_of(content, action.content)
    )


def fetched(machine: Machine, piece: bytes | RemoteContent) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if piece not in machine.contents:
        raise ProvisionError(f"content of {shown_url(piece.url)} was not fetched")
    return machine.contents[piece]


HANDLER = Handler(WriteFile, probe, perform)
