"""Blocks of lines in files that are not ours alone: each stands between two marks, the rest stays as it is."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from provision.actions import EnsureBlock
from provision.errors import ProvisionError
from provision.execute.difference import Difference, changed, content_lines, created
from provision.execute.handlers.files import type_name
from provision.execute.machine import Handler, Machine, during, probe_each
from provision.execute.target import Ownership, Target
from provision.plan.describe import describe

NEW_FILE_MODE = 0o644


def probe(machine: Machine, actions: Sequence[EnsureBlock]) -> list[Difference | None]:
    return probe_each(actions, lambda action: _difference(machine.target, action))


def perform(machine: Machine, actions: Sequence[EnsureBlock]) -> None:
    for action in actions:
        with during(action, f"write {describe(action)}"):
            _write(machine.target, action.path, with_block(_read(machine.target, action.path) or b"", action))


def has_block(target: Target, path: str, name: str) -> bool:
    content = _read(target, path)
    return content is not None and block_of(content, name) is not None


def remove_block(target: Target, path: str, name: str) -> None:
    rest = without_block(_read(target, path) or b"", name)
    if rest:
        _write(target, path, rest)
    else:  # the file was made for its blocks; programs refuse an empty file of certificates
        target.remove(path)


def block_of(content: bytes, name: str) -> bytes | None:
    """The lines between the marks; None when there is no complete block."""
    span = _span(content, name)
    if span is None:
        return None
    begin, end = _marks(name)
    return content[span[0] + len(begin) : span[1] - len(end)]


def with_block(content: bytes, action: EnsureBlock) -> bytes:
    """In its old place, or at the end."""
    begin, end = _marks(action.name)
    block = begin + _lines(action) + end
    span = _span(content, action.name)
    if span is not None:
        return content[: span[0]] + block + content[span[1] :]
    separator = b"" if not content or content.endswith(b"\n") else b"\n"
    return content + separator + block


def without_block(content: bytes, name: str) -> bytes:
    span = _span(content, name)
    return content if span is None else content[: span[0]] + content[span[1] :]


def _marks(name: str) -> tuple[bytes, bytes]:
    return f"# provision: begin {name}\n".encode(), f"# provision: end {name}\n".encode()


def _span(content: bytes, name: str) -> tuple[int, int] | None:
    begin, end = _marks(name)
    framed = b"\n" + content  # so that every mark has a line break before it, the first line's too
    stop = framed.find(b"\n" + end)
    # The nearest one above: of a block that lost its end, no line of others is taken.
    start = framed.rfind(b"\n" + begin, 0, stop) if stop >= 0 else -1
    return None if start < 0 else (start, stop + len(end))


def _lines(action: EnsureBlock) -> bytes:
    return action.content if action.content.endswith(b"\n") else action.content + b"\n"


def _difference(target: Target, action: EnsureBlock) -> Difference | None:
    present = block_of(_read(target, action.path) or b"", action.name)
    lines = content_lines(present, _lines(action))
    return created(describe(action), lines) if present is None else changed(describe(action), lines)


def _read(target: Target, path: str) -> bytes | None:
    entry = target.stat(path)
    if entry is None:
        return None
    if not stat.S_ISREG(entry.st_mode):
        raise ProvisionError(f"{path} is a {type_name(entry)}", hint="remove it: a file belongs there")
    return target.read_file(path)


def _write(target: Target, path: str, content: bytes) -> None:
    """The file keeps its mode and owner."""
    entry = target.stat(path)
    mode = NEW_FILE_MODE if entry is None else stat.S_IMODE(entry.st_mode)
    owner = Ownership(0, 0) if entry is None else Ownership(entry.st_uid, entry.st_gid)
    target.commit([target.stage_file(path, content, mode=mode, owner=owner)])


HANDLER = Handler(EnsureBlock, probe, perform)
