"""What the last apply wanted of each resource, kept so that `status` needs no config.

Contents are kept as digests. Where others must not read the content, not even a guess at it can be tried: its digest
has a key that only root reads.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import Struct

from provision.actions import (
    Action,
    AppendText,
    EnsureAuthorizedKeys,
    EnsureBlock,
    EnsureGroup,
    EnsureUser,
    Origin,
    RemoteContent,
    Secret,
    Step,
    UnpackTree,
    WriteFile,
)
from provision.errors import ProvisionError
from provision.execute.handlers.appends import texts_of
from provision.execute.handlers.files import READ_BY_OTHERS, content_to_write
from provision.execute.handlers.keys import keys_text
from provision.execute.journal import STATUS_MODE, Journal
from provision.execute.machine import Machine
from provision.execute.target import Target
from provision.plan.build import Plan

WANTED_PATH = "/var/lib/provision/wanted.json"
KEY_PATH = "/var/lib/provision/key"
KEY_MODE = 0o600
KEY_BYTES = 32
KEYED = "keyed"

# Fields that are never written down; what stands for them when an action is read back.
SEALED: dict[type, dict[str, Any]] = {
    AppendText: {"texts": ()},
    EnsureAuthorizedKeys: {"keys": ()},
    EnsureBlock: {"content": b""},
    EnsureGroup: {"password_hash": None},
    EnsureUser: {"password_hash": None},
    UnpackTree: {"archive": b""},
    WriteFile: {"content": b"", "rest": ()},
}
ACTIONS: dict[str, type] = {action.__name__: action for action in get_args(Action)}

Seal = tuple[str, ...]
"""Digests, `algorithm:hex`, of one sealed value; of an appended text one for each line."""


class Wanted(Struct, frozen=True):
    """One resource. `seals` stand for the fields of its action that are not kept."""

    step: Step
    seals: tuple[Seal, ...] = ()
    origin: Origin | None = None

    @property
    def digest(self) -> str:
        """Of what is wanted, whoever asked for it."""
        return hashlib.sha256(_encoded(_action_data(self))).hexdigest()


def keep(plan: Plan, machine: Machine, journal: Journal) -> tuple[Wanted, ...]:
    """Write down what the plan wants; the same in the order of its steps."""
    target = machine.target
    key = read_key(target)
    if key is None:
        key = os.urandom(KEY_BYTES)
        journal.replace_file(KEY_PATH, key, mode=KEY_MODE)
    wanted = tuple(
        Wanted(step, _seals(machine, step.action, key), plan.origins.get(step.because)) for step in plan.steps
    )
    content = _encoded([_data(one) for one in wanted]) + b"\n"
    if target.read_file(WANTED_PATH) != content:
        journal.replace_file(WANTED_PATH, content, mode=STATUS_MODE)
    return wanted


def read_wanted(target: Target) -> tuple[Wanted, ...] | None:
    """None when nothing was kept."""
    content = target.read_file(WANTED_PATH)
    try:
        return None if content is None else tuple(_wanted(**data) for data in msgspec.json.decode(content))
    except (ValueError, KeyError, TypeError):
        # Emptied by a power cut, or of another version of this program: the next apply writes it anew.
        return None


def read_key(target: Target) -> bytes | None:
    """None without privileges, and until an apply has made one."""
    try:
        key = target.read_file(KEY_PATH)
    except PermissionError:
        return None
    return key if key and len(key) == KEY_BYTES else None


def seal(content: bytes, key: bytes | None) -> str:
    """A digest; with a key, one that nobody without it can try guesses on."""
    if key is None:
        return f"sha256:{hashlib.sha256(content).hexdigest()}"
    return f"{KEYED}:{hashlib.blake2b(content, key=key, digest_size=KEY_BYTES).hexdigest()}"


def is_sealed_by(sealed: str, content: bytes, key: bytes | None) -> bool | None:
    """Whether it is the digest of this content; None when that needs a key that is not there."""
    algorithm, _, digest = sealed.partition(":")
    if algorithm != KEYED:
        return hashlib.new(algorithm, content).hexdigest() == digest
    return None if key is None else seal(content, key) == sealed


def _seals(machine: Machine, action: Action, key: bytes) -> tuple[Seal, ...]:
    match action:
        case WriteFile(overwrite=True | "own"):
            return _file_seals(machine, action, key)
        case EnsureBlock(content=content):
            return ((seal(content if content.endswith(b"\n") else content + b"\n", None),),)
        case EnsureAuthorizedKeys():
            return ((seal(keys_text(action), key),),)
        case EnsureUser(password_hash=Secret() as secret) | EnsureGroup(password_hash=Secret() as secret):
            return ((seal(secret.reveal().encode(), key),),)
        case AppendText():
            return _text_seals(machine, action, key)
        case _:
            return ()


def _file_seals(machine: Machine, action: WriteFile, key: bytes) -> tuple[Seal, ...]:
    content = action.content
    is_open = bool(action.mode & READ_BY_OTHERS) and not action.secret
    if isinstance(content, RemoteContent) and content.digest and is_open and not action.rest:
        return ((f"{content.algorithm}:{content.digest}",),)
    try:
        return ((seal(content_to_write(machine, action), None if is_open else key),),)
    except (OSError, ProvisionError):  # nothing to write: the step itself fails, and says why
        return ()


def _text_seals(machine: Machine, action: AppendText, key: bytes) -> tuple[Seal, ...]:
    try:
        texts = texts_of(machine, action)
    except ProvisionError:  # as above
        return ()
    return tuple(tuple(seal(line, key) for line in text.removesuffix(b"\n").split(b"\n")) for text in texts)


@cache
def _kept(kind: type[Action]) -> tuple[str, ...]:
    sealed = SEALED.get(kind, {})
    return tuple(name for name in kind.__struct_fields__ if name not in sealed)


def _action_data(wanted: Wanted) -> dict[str, Any]:
    action = wanted.step.action
    kept = {name: getattr(action, name) for name in _kept(type(action))}
    return {"action": type(action).__name__, "fields": kept, "seals": wanted.seals}


def _data(wanted: Wanted) -> dict[str, Any]:
    origin = wanted.origin
    place: dict[str, Any] = {"file": origin.file, "line": origin.line} if origin else {}
    if origin is not None and origin.path is not None:
        place["path"] = origin.path
    return {"because": wanted.step.because, **place, **_action_data(wanted)}


def _wanted(
    *,
    because: str,
    action: str,
    fields: dict[str, Any],
    seals: Sequence[Sequence[str]],
    **place: Any,
) -> Wanted:
    kind = ACTIONS[action]
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    made: Action = kind(**values, **SEALED.get(kind, {}))
    origin = Origin(**place) if place else None
    return Wanted(Step(made, because), tuple(tuple(one) for one in seals), origin)


def _encoded(data: object) -> bytes:
    return msgspec.json.encode(data)
