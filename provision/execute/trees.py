"""Trees as the steps they consist of: a directory, file or link for each member of the archive.

From there on they are like any other: compared, repaired, and removed when the archive has them no more. A manifest
beside the journal says what an archive holds, so that a machine that is as asked for is recognised without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import structs

from provision.actions import (
    AppendText,
    EnsureBlock,
    EnsureDirectory,
    EnsureKernelArguments,
    EnsureLink,
    RemoteContent,
    RemovePath,
    Step,
    UnpackTree,
    WriteFile,
)
from provision.archive import Member, read_archive, read_manifest, tree_of, write_manifest
from provision.errors import ProvisionError, SourceError
from provision.execute.target import Target
from provision.plan.build import Plan
from provision.plan.order import ordered
from provision.urls import shown_url

MANIFESTS = "/var/lib/provision/trees"
MANIFEST_MODE = 0o600  # names and digests of files that others must not read, maybe

Contents = Mapping[RemoteContent, bytes]
WithPath = (
    AppendText | EnsureBlock | EnsureDirectory | EnsureKernelArguments | EnsureLink | RemovePath | WriteFile
)


def unpacked(plan: Plan, target: Target, contents: Contents) -> Plan:
    """The plan without trees, and with what they consist of. Errors have the config path of the tree."""
    trees = [(step.action, step.because) for step in plan.steps if isinstance(step.action, UnpackTree)]
    if not trees:
        return plan
    steps = [step for step in plan.steps if not isinstance(step.action, UnpackTree)]
    taken = {step.action.path: step for step in steps if isinstance(step.action, WithPath)}
    for tree, because in trees:
        for action in tree_actions(tree, because, target, contents):
            step = Step(action, because)
            other = taken.setdefault(action.path, step)
            if other is step:
                steps.append(step)
            else:
                _check_shared(action, because, other)
    return structs.replace(plan, steps=ordered(steps))


def tree_actions(tree: UnpackTree, because: str, target: Target, contents: Contents) -> tuple[WithPath, ...]:
    try:
        known = _members(tree, target, contents)
        return *_manifest(tree, known), *_actions(tree, tree_of(known, tree.strip))
    except ValueError as problem:
        url = shown_url(tree.archive.url) if isinstance(tree.archive, RemoteContent) else "the archive"
        raise SourceError(f"{url}: {problem}", path=because) from problem


def known_members(target: Target, archive: RemoteContent) -> tuple[Member, ...] | None:
    """What this machine knows of an archive that it unpacked."""
    if archive.digest is None:
        return None
    try:
        manifest = target.read_file(manifest_path(archive))
    except OSError:  # a plan without privileges asks the archive itself
        return None
    return None if manifest is None else read_manifest(manifest)


def manifest_path(archive: RemoteContent) -> str:
    return f"{MANIFESTS}/{archive.algorithm}-{archive.digest}.json"


def _members(tree: UnpackTree, target: Target, contents: Contents) -> tuple[Member, ...]:
    if isinstance(tree.archive, bytes):
        return read_archive(tree.archive)
    if tree.archive in contents:
        return read_archive(contents[tree.archive])
    known = known_members(target, tree.archive)
    if known is None:
        raise ValueError("was not fetched")
    return known


def _manifest(tree: UnpackTree, members: Iterable[Member]) -> Iterator[WithPath]:
    """Of what is fetched: an archive that stands in the config is always at hand."""
    if isinstance(tree.archive, RemoteContent) and tree.archive.digest is not None:
        text = write_manifest(members)
        yield WriteFile(manifest_path(tree.archive), text, mode=MANIFEST_MODE, secret=True)


def _actions(tree: UnpackTree, members: Iterable[Member]) -> Iterator[WithPath]:
    # Not with the mode of the archive's root, which is that of whatever directory it was packed in.
    yield EnsureDirectory(tree.path, mode=tree.dir_mode, user=tree.user, group=tree.group)
    for member in members:
        path = f"{tree.path}/{member.name}"
        if member.kind == "directory":
            mode = member.mode if tree.dir_mode is None else tree.dir_mode
            yield EnsureDirectory(path, mode=mode, user=tree.user, group=tree.group)
        elif member.kind == "file":
            yield _file(tree, path, member)
        elif member.kind == "hard link":
            yield EnsureLink(path, f"{tree.path}/{member.target}", hard=True)
        else:
            yield EnsureLink(path, member.target)


def _file(tree: UnpackTree, path: str, member: Member) -> WriteFile:
    url = tree.archive.url if isinstance(tree.archive, RemoteContent) else ""
    content = RemoteContent(url, "sha256", member.sha256) if member.content is None else member.content
    mode = member.mode if tree.file_mode is None else tree.file_mode
    return WriteFile(
        path,
        content,
        mode=mode,
        user=tree.user,
        group=tree.group,
        secret=not mode & 0o004,  # what others must not read on disk must not be read in a log either
    )


def _check_shared(action: WithPath, because: str, other: Step) -> None:
    """A directory may be another's too, then as that one wants it; any other path has one maker."""
    are_directories = isinstance(action, EnsureDirectory) and isinstance(other.action, EnsureDirectory)
    is_manifest = (
        action.path.startswith(f"{MANIFESTS}/") and action == other.action
    )  # one archive, two places
    if not are_directories and not is_manifest:
        message = f"the archive has {action.path!r}, which {other.because} is about already"
        raise ProvisionError(message, path=because, hint="leave it out of one of the two")
