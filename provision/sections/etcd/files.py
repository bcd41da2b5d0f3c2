"""The files of `etcd.tls` beside what the rest of the config makes: who makes them, and who can read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from provision.findings import Place, Problem, error, note, warning
from provision.sections.etcd.types import Etcd
from provision.sections.places import MODE, parse_mode
from provision.variables import has_variable

ACCOUNT = "etcd"  # User= of Debian's etcd.service
DEFAULT_MODE = "0644"


class Written(Protocol):
    """What a file of section `files` says about who may read it."""

    @property
    def mode(self) -> str | None: ...
    @property
    def user(self) -> str | int | None: ...
    @property
    def group(self) -> str | int | None: ...


def tls_files(etcd: Etcd, place: Place) -> Iterator[tuple[Place, str]]:
    for side, files in (("client", etcd.tls.client), ("peer", etcd.tls.peer)):
        if files is None:
            continue
        yield (*place, side, "certificate"), files.certificate
        yield (*place, side, "key"), files.key
        if files.authority is not None:
            yield (*place, side, "authority"), files.authority


def check_files(
    etcd: Etcd, kinds: Mapping[str, str], written: Mapping[str, tuple[int, Written]]
) -> Iterator[Problem]:
    """`kinds` tells what the config makes of a path, `written` its files with their index."""
    keys = {files.key for files in (etcd.tls.client, etcd.tls.peer) if files is not None}
    seen: set[str] = set()
    for place, path in tls_files(etcd, ("etcd", "tls")):
        if path in seen or has_variable(path) or not path.startswith("/"):
            continue
        seen.add(path)
        if path not in kinds:
            hint = "add it to files, unless the image has it"
            yield note("etcd-file", place, f"the config makes no file {path!r}", hint)
        elif kinds[path] == "absent":
            yield error("removed-file", place, f"the config removes {path!r}")
        if path in written:
            index, file = written[path]
            yield from _check_readers(etcd, file, ("files", index), is_key=path in keys)


def _check_readers(etcd: Etcd, file: Written, place: Place, *, is_key: bool) -> Iterator[Problem]:
    text = file.mode or DEFAULT_MODE
    if not MODE.fullmatch(text):  # reported by `files` itself
        return
    mode = parse_mode(text)
    on_host = etcd.engine == "host"
    hint = f'write `mode: "0640"` and `group: {ACCOUNT}`' if on_host else 'write `mode: "0600"`'
    if is_key and mode & 0o004:
        message = "everybody on the machine can read etcd's private key"
        yield warning("etcd-key-readable", (*place, "mode"), message, hint)
    if on_host and not _is_readable(file, mode):
        message = f"etcd runs as user {ACCOUNT!r}, who cannot read this file"
        yield warning("etcd-file-unreadable", (*place, "mode"), message, hint)


def _is_readable(file: Written, mode: int) -> bool:
    if any(isinstance(owner, int) and owner != 0 for owner in (file.user, file.group)):
        return True  # nobody knows here whose number it is
    if file.user == ACCOUNT:
        return bool(mode & 0o400)
    return bool(mode & (0o040 if file.group == ACCOUNT else 0o004))
