"""The previous version of what an apply changes: kept until the change is known to be good, or put back.

A file is kept as a second name of itself, with mode and owner and at no cost, in a directory that only root may
enter; where that is another file system, as a copy. Accounts are not kept: others may have changed them meanwhile.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, structs, to_builtins

from provision.execute.journal import Thing
from provision.execute.path_walk import parts
from provision.execute.target import Ownership, StagedFile, Target
from provision.plan.activation import Job, Verb

DIRECTORY = "/var/lib/provision/previous"
MANIFEST_PATH = f"{DIRECTORY}/manifest.json"
# Where systemctl makes links that nobody can name before: WantedBy=, Also=, Alias=.
LINK_TREES = ("/etc/systemd/system", "/etc/systemd/user")


class Entry(Struct, frozen=True):
    """`kind`: absent, directory, file, link or tree, a directory whose content is not kept. `copy`: where it is."""

    path: str
    kind: str
    copy: str | None = None
    mode: int = 0
    uid: int = 0
    gid: int = 0


class Previous(Struct, frozen=True):
    """`links` are those of LINK_TREES with their targets, `removed` the things that are ours again once put back.

    `running` are those units of the jobs that ran before. `window_s`: the change waits for confirmation, in the
    system with that boot id only.
    """

    boot_id: str
    entries: tuple[Entry, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    removed: tuple[Thing, ...] = ()
    jobs: tuple[Job, ...] = ()
    running: tuple[str, ...] = ()
    window_s: int | None = None

    def waits_in(self, boot_id: str) -> bool:
        return self.window_s is not None and self.boot_id == boot_id


def keep(
    target: Target,
    boot_id: str,
    paths: Iterable[str],
    *,
    removed: Iterable[Thing] = (),
    jobs: Iterable[Job] = (),
    running: Iterable[str] = (),
) -> Previous:
    """All on the disk before the first change. What an interrupted run kept before is older, and stays."""
    before = read(target)
    if before is None or before.boot_id != boot_id:
        forget(target)
        target.make_directory(DIRECTORY, mode=0o700)
        before = Previous(boot_id, links=tuple(_links(target)))
    known = {entry.path for entry in before.entries}
    new = [path for path in dict.fromkeys(paths) if path not in known]
    entries = [_keep_one(target, path, f"{DIRECTORY}/{len(known) + n}") for n, path in enumerate(new)]
    kept = structs.replace(
        before,
        entries=(*before.entries, *entries),
        removed=tuple({**dict.fromkeys(before.removed), **dict.fromkeys(removed)}),
        jobs=tuple({job.key: job for job in (*before.jobs, *jobs)}.values()),
        running=tuple(dict.fromkeys((*before.running, *running))),
    )
    write(target, kept)
    return kept


def read(target: Target) -> Previous | None:
    content = target.read_file(MANIFEST_PATH)
    if not content:
        return None
    fields = json.loads(content)
    return Previous(
        boot_id=fields["boot_id"],
        entries=tuple(Entry(**entry) for entry in fields["entries"]),
        links=tuple((path, points_to) for path, points_to in fields["links"]),
        removed=tuple(Thing(**thing) for thing in fields["removed"]),
        jobs=tuple(Job(Verb(job["verb"]), job["unit"], job["because"]) for job in fields["jobs"]),
        running=tuple(fields["running"]),
        window_s=fields["window_s"],
    )


def write(target: Target, previous: Previous) -> None:
    content = json.dumps(to_builtins(previous)).encode() + b"\n"
    target.commit([target.stage_file(MANIFEST_PATH, content, mode=0o600)])


def forget(target: Target) -> None:
    """The manifest goes first: without it the rest is nobody's previous version."""
    target.remove(MANIFEST_PATH)
    if target.stat(DIRECTORY) is not None:
        target.remove_tree(DIRECTORY)


def put_back(target: Target, previous: Previous) -> tuple[str, ...]:
    """Paths that could not be put back, for they were not kept."""
    entries = previous.entries
    lost = [entry.path for entry in entries if entry.kind == "tree" and target.stat(entry.path) is None]
    for entry in sorted((e for e in entries if e.kind in ("directory", "tree")), key=_depth):
        _put_back_directory(target, entry)
    for entry in entries:
        if entry.kind in ("file", "link") and entry.copy is not None:
            _same(target, entry.path, entry.copy)
    _put_back_links(target, dict(previous.links))
    for entry in sorted((e for e in entries if e.kind == "absent"), key=_depth, reverse=True):
        _take_away(target, entry.path)
    target.sync([StagedFile(path) for path in ("/etc", "/var") if target.stat(path)])
    return tuple(lost)


def _keep_one(target: Target, path: str, copy: str) -> Entry:
    entry = target.stat(path)
    if entry is None:
        return Entry(path, "absent")
    mode, uid, gid = stat.S_IMODE(entry.st_mode), entry.st_uid, entry.st_gid
    if stat.S_ISDIR(entry.st_mode):
        return Entry(path, "tree" if target.list_directory(path) else "directory", None, mode, uid, gid)
    _same(target, copy, path)
    return Entry(path, "link" if stat.S_ISLNK(entry.st_mode) else "file", copy, mode, uid, gid)


def _same(target: Target, path: str, existing: str) -> None:
    """`path` becomes the file that `existing` is, or one just like it."""
    try:
        target.hardlink(path, existing)
        return
    except OSError:  # EXDEV, EMLINK, EPERM: the file systems say when they do not
        entry, points_to = target.stat(existing), target.readlink(existing)
        if entry is None:
            raise
    if points_to is not None:
        target.symlink(path, points_to, owner=Ownership(entry.st_uid, entry.st_gid))
        return
    content = target.read_file(existing) or b""
    mode, owner = stat.S_IMODE(entry.st_mode), Ownership(entry.st_uid, entry.st_gid)
    target.publish([target.stage_file(path, content, mode=mode, owner=owner)])


def _put_back_directory(target: Target, entry: Entry) -> None:
    owner = Ownership(entry.uid, entry.gid)
    if target.stat(entry.path) is None:
        target.make_directory(entry.path, mode=entry.mode, owner=owner)
    else:
        target.set_owner_and_mode(entry.path, mode=entry.mode, owner=owner)


def _put_back_links(target: Target, links: dict[str, str]) -> None:
    now = dict(_links(target))
    for path in now.keys() - links.keys():
        target.remove(path)
    for path, points_to in links.items():
        if now.get(path) != points_to:
            target.symlink(path, points_to)


def _take_away(target: Target, path: str) -> None:
    entry = target.stat(path)
    if entry is None:
        return
    if not stat.S_ISDIR(entry.st_mode):
        target.remove(path)
    elif not target.list_directory(path):  # others may have put something into it
        target.remove_directory(path)


def _links(target: Target, trees: Sequence[str] = LINK_TREES) -> Iterator[tuple[str, str]]:
    for tree in trees:
        for name in target.list_directory(tree):
            path = f"{tree}/{name}"
            entry = target.stat(path)
            if entry is None:
                continue
            if stat.S_ISDIR(entry.st_mode):
                yield from _links(target, [path])
            elif (points_to := target.readlink(path)) is not None:
                yield path, points_to


def _depth(entry: Entry) -> int:
    return len(parts(entry.path))
