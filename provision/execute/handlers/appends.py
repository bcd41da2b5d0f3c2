"""Texts added to files that others write too."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from provision.actions import AppendText, RemoteContent
from provision.errors import ProvisionError
from provision.execute.accounts import Accounts, read_accounts
from provision.execute.difference import Difference, changed, content_lines, created
from provision.execute.handlers.files import (
    READ_BY_OTHERS,
    fetched,
    metadata_lines,
    or_root,
    owner_of,
    read_regular,
    type_name,
)
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import StagedFile
from provision.plan.describe import describe

NEW_MODE = 0o644


def probe(machine: Machine, actions: Sequence[AppendText]) -> list[Difference | None]:
    accounts = read_accounts(machine.target)
    return probe_each(actions, lambda action: _difference(machine, accounts, action))


def perform(machine: Machine, actions: Sequence[AppendText]) -> None:
    accounts = read_accounts(machine.target)
    staged = []
    for action in actions:
        with during(action, f"append to file {action.path}"):
            staged.append(_stage(machine, accounts, action))
    machine.target.commit(staged)


def appended(content: bytes, texts: Sequence[bytes]) -> bytes:
    """The content with each text that it does not have yet, as whole lines, at its end.

    Anywhere, not only at the end: when another program adds its own lines, ours must not come again.
    """
    for text in texts:
        if b"\n" + text not in b"\n" + content + b"\n":
            is_torn = content != b"" and not content.endswith(b"\n")
            content += b"\n" + text if is_torn else text
    return content


def texts_of(machine: Machine, action: AppendText) -> tuple[bytes, ...]:
    """As whole lines."""
    texts = (fetched(machine, text) for text in action.texts)
    return tuple(text if text.endswith(b"\n") else text + b"\n" for text in texts)


def _difference(machine: Machine, accounts: Accounts, action: AppendText) -> Difference | None:
    summary = describe(action)
    entry = machine.target.stat(action.path)
    mode = _mode(action, entry)
    unknown = [
        text for text in action.texts if isinstance(text, RemoteContent) and text not in machine.contents
    ]
    if unknown:
        lines = [f"+content of {text.url}" for text in unknown]
        return created(summary, lines) if entry is None else changed(summary, lines)
    texts = texts_of(machine, action)
    if entry is None:
        new = _content_lines(None, appended(b"", texts), mode)
        owner = f"{or_root(action.user)}:{or_root(action.group)}"
        return created(summary, [f"+mode {mode:04o}", f"+owner {owner}", *new])
    content, problem = read_regular(machine.target, action.path, entry)
    if content is None:
        return changed(summary, problem)
    metadata = metadata_lines(accounts, entry, mode=mode, user=action.user, group=action.group)
    wanted = appended(content, texts)
    # Lines of others stand beside ours in a diff: what others must not read on disk is not shown either.
    is_open = bool(stat.S_IMODE(entry.st_mode) & mode & READ_BY_OTHERS)
    return changed(summary, [*metadata, *_content_lines(content, wanted, mode if is_open else 0)])


def _content_lines(before: bytes | None, after: bytes, mode: int) -> Sequence[str]:
    if before == after:
        return ()
    return content_lines(before, after) if mode & READ_BY_OTHERS else ("+content <secret>",)


def _stage(machine: Machine, accounts: Accounts, action: AppendText) -> StagedFile:
    entry = machine.target.stat(action.path)
    if entry is not None and not stat.S_ISREG(entry.st_mode):
        raise ProvisionError(
            f"{action.path} is a {type_name(entry)}", hint="append to the file itself, by its own path"
        )
    content = machine.target.read_file(action.path) or b""
    return machine.target.stage_file(
        action.path,
        appended(content, texts_of(machine, action)),
        mode=_mode(action, entry),
        owner=owner_of(accounts, action, entry),
    )


def _mode(action: AppendText, entry: os.stat_result | None) -> int:
    if action.mode is not None:
        return action.mode
    return NEW_MODE if entry is None else stat.S_IMODE(entry.st_mode)


HANDLER = Handler(AppendText, probe, perform)
