"""Everything remote that a plan needs, fetched and verified before the first change to the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from provision.actions import Action, AppendText, RemoteContent, UnpackTree, WriteFile
from provision.errors import SourceError
from provision.execute.handlers.files import is_digest_of
from provision.execute.target import Target
from provision.execute.trees import known_members, tree_actions
from provision.plan.build import Plan
from provision.urls import shown_url

PARALLEL = 4  # enough to hide latency, few enough not to flood a boot server that serves a whole rack
SIZE_LIMIT_BYTES = 1024 * 1024 * 1024  # a file is held in memory; larger things belong into an image
DEADLINE_S = 300.0


class Fetch(Protocol):
    """The bytes behind a URL."""

    def __call__(self, url: str, deadline_s: float, *, headers: Mapping[str, str]) -> bytes: ...


def gather(
    plan: Plan, target: Target, *, deadline_s: float = DEADLINE_S, fetch: Fetch | None = None
) -> Mapping[RemoteContent, bytes]:
    """Contents that the target does not hold already; SourceError with the config path when one fails."""
    return fetch_all(missing(plan, target), deadline_s=deadline_s, fetch=fetch)


def missing(plan: Plan, target: Target) -> tuple[tuple[RemoteContent, str], ...]:
    """Remote contents to be fetched, each once, with the config path that asks for it."""
    wanted: dict[RemoteContent, str] = {}
    for step in plan.steps:
        for remote in _missing_of(step.action, step.because, target):
            wanted.setdefault(remote, step.because)
    return tuple(wanted.items())


def unreadable(plan: Plan, target: Target) -> tuple[tuple[RemoteContent, str], ...]:
    """Those without which nobody can say what differs: of a known digest of a whole file that is enough."""
    trees = {step.action.archive for step in plan.steps if isinstance(step.action, UnpackTree)}
    pieces = {piece for step in plan.steps for piece in _pieces(step.action)}
    return tuple(
        (remote, because)
        for remote, because in missing(plan, target)
        if remote.digest is None
        or remote in pieces
        or (remote in trees and known_members(target, remote) is None)
    )


def _pieces(action: Action) -> tuple[RemoteContent, ...]:
    """What makes a file only together with something else, so that no digest of it tells what shall be there."""
    match action:
        case AppendText(texts=pieces):
            return _remote(pieces)
        case WriteFile(content=content, rest=rest) if rest:
            return _remote((content, *rest))
        case _:
            return ()


def _remote(pieces: Iterable[bytes | RemoteContent]) -> tuple[RemoteContent, ...]:
    return tuple(piece for piece in pieces if isinstance(piece, RemoteContent))


def _missing_of(action: Action, because: str, target: Target) -> tuple[RemoteContent, ...]:
    match action:
        case WriteFile(path=path, overwrite=False) if _is_there(target, path):
            return ()
        case WriteFile(path=path, content=RemoteContent() as remote, rest=()):
            return () if _is_present(target, path, remote) else (remote,)
        case UnpackTree(archive=RemoteContent() as archive):
            if known_members(target, archive) is None:
                return (archive,)
            parts = tree_actions(action, because, target, {})
            return (archive,) if any(_missing_of(part, because, target) for part in parts) else ()
        case _:
            return _pieces(action)


def fetch_all(
    wanted: Iterable[tuple[RemoteContent, str]], *, deadline_s: float, fetch: Fetch | None = None
) -> Mapping[RemoteContent, bytes]:
    wanted = tuple(wanted)
    if not wanted:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    get = fetch or _fetch
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        waiting = [
            pool.submit(_fetch_verified, remote, because, deadline_s, get) for remote, because in wanted
        ]
        return {remote: result.result() for (remote, _), result in zip(wanted, waiting, strict=True)}


def _is_there(target: Target, path: str) -> bool:
    try:
        return target.stat(path) is not None
    except OSError:  # as below: writing the file will say what is wrong
        return False


def _is_present(target: Target, path: str, remote: RemoteContent) -> bool:
    try:
        content = target.read_file(path)
    except OSError:  # whatever is there cannot serve as the content; writing the file will say what is wrong
        return False
    return content is not None and is_digest_of(content, remote)


def _fetch(url: str, deadline_s: float, *, headers: Mapping[str, str]) -> bytes:
    if url.lower().startswith("tftp:"):
        from provision.fetch import tftp

        return tftp.fetch(url, deadline_s=deadline_s, size_limit_bytes=SIZE_LIMIT_BYTES)
    from provision.fetch.http import fetch

    return fetch(url, deadline_s=deadline_s, size_limit_bytes=SIZE_LIMIT_BYTES, headers=headers)


def _fetch_verified(remote: RemoteContent, because: str, deadline_s: float, get: Fetch) -> bytes:
    from provision.fetch.digest import verify

    try:
        headers = {name: value.reveal() for name, value in remote.headers}
        content = _unpacked(get(remote.url, deadline_s, headers=headers), remote)
        if remote.algorithm and remote.digest:
            verify(content, remote.algorithm, remote.digest)
    except SourceError as error:
        shown = shown_url(remote.url)
        message = error.message if shown in error.message else f"{shown}: {error.message}"
        raise SourceError(message, path=because, hint=error.hint) from error
    return content


def _unpacked(content: bytes, remote: RemoteContent) -> bytes:
    if remote.compression is None:
        return content
    from provision.compression import gunzip

    try:
        return gunzip(content, limit_bytes=SIZE_LIMIT_BYTES)
    except ValueError as problem:
        hint = "remove `compression`, if the server delivers the file itself"
        raise SourceError(f"cannot be unpacked: {problem}", hint=hint) from problem
