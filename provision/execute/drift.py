"""How the resources of the last apply are now, by the same probes that `plan` and `apply` use."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct, structs

from provision.actions import (
    AppendText,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureGroup,
    EnsureUser,
    MaskUnit,
    Secret,
    Step,
    WriteFile,
)
from provision.errors import ProvisionError
from provision.execute.accounts import read_accounts, read_group_hashes, read_password_hashes
from provision.execute.difference import NOT_KNOWN, Difference, Kind
from provision.execute.handlers.blocks import block_of
from provision.execute.handlers.keys import keys_path
from provision.execute.machine import Machine
from provision.execute.survey import batches, probe_steps
from provision.execute.target import Target
from provision.execute.wanted import Seal, Wanted, is_sealed_by, read_key, seal

NO_KEY = f"{NOT_KNOWN}only root can compare the content"
DIFFERS = "content differs"


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class Actual(Struct, frozen=True):
    """`lines` are those of a difference: `-` is so, `+` shall be so, everything else is said in words."""

    state: State
    lines: tuple[str, ...] = ()


def compare(machine: Machine, wanted: Sequence[Wanted]) -> tuple[Actual, ...]:
    """In the order of what was wanted. Needs no privileges: what cannot be seen is unknown."""
    key = read_key(machine.target)
    opened = [_opened(machine.target, one, key) for one in wanted]
    steps = [step for step, _ in opened]
    found = [one for batch in batches(steps) for one in _probe(machine, batch)]
    return tuple(
        one if isinstance(one, Actual) else _actual(step, one, lines)
        for one, (step, lines) in zip(found, opened, strict=True)
    )


def _probe(machine: Machine, steps: Sequence[Step]) -> list[Difference | Actual | None]:
    """One that cannot be looked at must not hide the others."""
    try:
        return [*probe_steps(machine, steps)]
    except (OSError, ProvisionError) as error:
        if len(steps) == 1:
            reason = error.message if isinstance(error, ProvisionError) else error.strerror
            return [Actual(State.UNKNOWN, (f"{NOT_KNOWN}{reason}",))]
    return [found for step in steps for found in _probe(machine, [step])]


def _actual(step: Step, found: Difference | None, sealed: tuple[str, ...]) -> Actual:
    lines = (*(found.lines if found else ()), *sealed)
    if found is not None and found.kind is Kind.CREATE:
        # A unit that is not masked, or not enabled, may well be there.
        is_there = isinstance(step.action, MaskUnit) or any(line.startswith("-") for line in found.lines)
        return Actual(State.DIFFERS if is_there else State.MISSING, found.lines)
    if found is not None and found.kind is Kind.REMOVE:
        lines = lines[:1]  # that it is there; what would be lost with it is for `plan` to say
    if any(not line.startswith(NOT_KNOWN) for line in lines):
        return Actual(State.DIFFERS, lines)
    return Actual(State.UNKNOWN if lines else State.OK, lines)


def _opened(target: Target, wanted: Wanted, key: bytes | None) -> tuple[Step, tuple[str, ...]]:
    """The step with the content that is there, so that the rest can be probed; and what is wrong with that content."""
    step = wanted.step
    if not wanted.seals:
        return step, ()
    try:
        return _with_content(target, wanted, key)
    except (OSError, ProvisionError):
        # Whatever is in the way, or may not be read: the probe meets it, too, and says so.
        return step, ()


def _with_content(target: Target, wanted: Wanted, key: bytes | None) -> tuple[Step, tuple[str, ...]]:
    step, seals = wanted.step, wanted.seals
    match step.action:
        case WriteFile(path=path) as file:
            content = _read(target, path)
            return structs.replace(
                step, action=structs.replace(file, content=content or b"", rest=())
            ), _trouble(content, seals, key)
        case EnsureBlock(path=path, name=name) as block:
            content = block_of(_read(target, path) or b"", name)
            return structs.replace(step, action=structs.replace(block, content=content or b"")), _trouble(
                content, seals, key
            )
        case EnsureAuthorizedKeys(user=name) as keys:
            user = read_accounts(target).users.get(name)
            content = _read(target, keys_path(user)) if user else None
            text = (content or b"").decode(errors="replace").removesuffix("\n")
            opened = structs.replace(keys, keys=(text,) if text else ())
            return structs.replace(step, action=opened), _trouble(content, seals, key)
        case (EnsureUser() | EnsureGroup()) as account:
            there = _password_hash(target, account)
            lines = _trouble(None if there is None else there.encode(errors="surrogateescape"), seals, key)
            return (
                structs.replace(step, action=structs.replace(account, password_hash=Secret(there or ""))),
                tuple(line.replace("content", "password") for line in lines),
            )
        case AppendText(path=path):
            content = _read(target, path)
            return step, () if content is None else _missing_texts(content, seals, key)
        case _:
            return step, ()


def _password_hash(target: Target, account: EnsureUser | EnsureGroup) -> str | None:
    read = read_password_hashes if isinstance(account, EnsureUser) else read_group_hashes
    try:
        return read(target).get(account.name)
    except PermissionError:  # the probe will say that it is not known
        return None


def _read(target: Target, path: str) -> bytes | None:
    """The entry itself, as the handlers see it."""
    entry = target.stat(path)
    return target.read_file(path) if entry is not None and stat.S_ISREG(entry.st_mode) else None


def _trouble(content: bytes | None, seals: Sequence[Seal], key: bytes | None) -> tuple[str, ...]:
    if content is None:
        return ()
    is_equal = is_sealed_by(seals[0][0], content, key)
    if is_equal is None:
        return (NO_KEY,)
    return () if is_equal else (DIFFERS,)


def _missing_texts(content: bytes, seals: Sequence[Seal], key: bytes | None) -> tuple[str, ...]:
    if key is None:
        return (NO_KEY,)
    there = [seal(line, key) for line in content.split(b"\n")]
    missing = [number for number, text in enumerate(seals, 1) if not _has_run(there, list(text))]
    return tuple(f"text {number} of {len(seals)} is not there" for number in missing)


def _has_run(lines: list[str], run: list[str]) -> bool:
    return any(lines[start : start + len(run)] == run for start in range(len(lines) - len(run) + 1))
