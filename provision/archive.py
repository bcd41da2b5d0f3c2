"""A tar archive as the members it has, each checked before anybody writes it: bytes in, values out."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct, structs

from provision.compression import decompressed

if TYPE_CHECKING:
    from tarfile import TarFile, TarInfo

MAX_MEMBERS = 100_000  # more than any web site or tool has; each is a step of the plan
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024  # held in memory; larger things belong into an image
MAX_NAME_BYTES = 255  # NAME_MAX of Linux's file systems
BLOCK_BYTES = 512
MODE_BITS = 0o777  # what may set an owner's id is for the config to say, not for an archive
MANIFEST_VERSION = 1

Kind = Literal["directory", "file", "hard link", "link"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Member(Struct, frozen=True):
    """`name` is relative and normal. `target`: of a link as it stands, of a hard link another member's name.

    A file has `content`, unless it is known by its `sha256` alone.
    """

    kind: Kind
    name: str
    mode: int = 0o755
    target: str = ""
    content: bytes | None = None
    sha256: str | None = None

    def __repr__(self) -> str:  # without the content: it may be a secret
        return f"Member({self.kind!r}, {self.name!r})"


def read_archive(
    data: bytes, *, size_limit_bytes: int = MAX_UNPACKED_BYTES, member_limit: int = MAX_MEMBERS
) -> tuple[Member, ...]:
    """Members in the archive's order, packed with gzip, xz, bzip2 or not at all. ValueError says what is wrong."""
    import io
    import tarfile

    unpacked = decompressed(data, limit_bytes=size_limit_bytes)
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            members = tuple(_members(tar, size_limit_bytes, member_limit))
            # tarfile takes a damaged header for the end, and does without the two empty blocks of a whole archive.
            end = unpacked[tar.offset : tar.offset + BLOCK_BYTES]
    except (tarfile.TarError, EOFError, OverflowError) as error:
        raise ValueError(f"no tar archive, or damaged: {error}") from error
    if end.strip(b"\0"):
        raise ValueError("the tar archive is damaged")
    if not end:
        raise ValueError("the tar archive ends too early")
    return members


def tree_of(members: Iterable[Member], strip: int) -> tuple[Member, ...]:
    """What the archive makes below one directory, missing directories included, by name; each link stays inside.

    Of a name that is there twice the last counts, as tar(1) does it.
    """
    tree: dict[str, Member] = {}
    for member in members:
        name = _stripped(member.name, strip)
        target = _stripped(member.target, strip) if member.kind == "hard link" else member.target
        if name:
            tree[name] = structs.replace(member, name=name, target=target)
    if not tree:
        raise ValueError(f"nothing is left of it with strip {strip}" if strip else "there is nothing in it")
    for name in list(tree):
        _add_parents(name, tree)
    return tuple(_whole(tree[name], tree) for name in sorted(tree))


def write_manifest(members: Iterable[Member]) -> bytes:
    """Everything about the members but their contents: enough to tell whether they are on a machine."""
    rows = [
        [member.kind, member.name, member.mode, member.target, member.sha256 or _sha256(member.content)]
        for member in members
    ]
    manifest = {"version": MANIFEST_VERSION, "members": rows}
    return json.dumps(manifest, separators=(",", ":")).encode() + b"\n"


def read_manifest(text: bytes) -> tuple[Member, ...] | None:
    """None for anything but a manifest: then the archive itself is asked."""
    try:
        manifest = json.loads(text)
        if manifest["version"] != MANIFEST_VERSION:
            return None
        return tuple(_listed(*row) for row in manifest["members"])
    except (AttributeError, KeyError, TypeError, ValueError):  # torn by a power cut, or not ours
        return None


def _members(tar: TarFile, size_limit_bytes: int, member_limit: int) -> Iterator[Member]:
    total_bytes = 0
    for number, info in enumerate(tar):
        if number == member_limit:
            raise ValueError(f"the archive has more than {member_limit} members")
        if info.size < 0:
            raise ValueError(f"{info.name!r} has a negative size")
        total_bytes += info.size
        if total_bytes > size_limit_bytes:
            raise ValueError(f"unpacks to more than {size_limit_bytes} bytes")
        yield _member(tar, info)


def _member(tar: TarFile, info: TarInfo) -> Member:
    name = _checked_name(info.name)
    mode = stat.S_IMODE(info.mode) & MODE_BITS
    if info.isdir():
        return Member("directory", name, mode)
    if info.issym():
        return Member("link", name, target=info.linkname)
    if info.islnk():
        return Member("hard link", name, target=_checked_name(info.linkname))
    content = tar.extractfile(info) if info.isreg() and not info.issparse() else None
    if content is None:
        raise ValueError(f"{info.name!r} is neither a plain file nor a directory or link")
    return Member("file", name, mode, content=content.read())


def _checked_name(name: str) -> str:
    """Empty for the archive's own root."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        raise ValueError(f"{name!r} is absolute; pack it with names relative to its root")
    if ".." in parts:
        raise ValueError(f"{name!r} goes up with '..'")
    if not name.isprintable():  # nor are bytes that are not UTF-8, which tarfile gives as surrogates
        raise ValueError(f"{name!r} has characters that cannot be printed")
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise ValueError(f"{name!r} has a part longer than {MAX_NAME_BYTES} bytes")
    return "/".join(parts)


def _stripped(name: str, strip: int) -> str:
    return "/".join(name.split("/")[strip:])


def _add_parents(name: str, tree: dict[str, Member]) -> None:
    parts = name.split("/")
    for depth in range(1, len(parts)):
        parent = "/".join(parts[:depth])
        above = tree.setdefault(parent, Member("directory", parent))
        if above.kind != "directory":
            raise ValueError(f"{name!r} is below {parent!r}, which is a {above.kind}")


def _whole(member: Member, tree: Mapping[str, Member]) -> Member:
    if member.kind == "link":
        _check_link(member)
    if member.kind == "hard link":
        return structs.replace(member, target=_linked_file(member, tree))
    return member


def _check_link(member: Member) -> None:
    """Up first, then down: as every link is like that, none of them together leads out either."""
    parts = [part for part in member.target.split("/") if part not in ("", ".")]
    ups = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    depth = member.name.count("/")
    is_inside = not member.target.startswith("/") and ups <= depth and ".." not in parts[ups:]
    if not member.target or not member.target.isprintable() or not is_inside:
        raise ValueError(f"link {member.name!r} leads out of the tree, to {member.target!r}")


def _linked_file(member: Member, tree: Mapping[str, Member]) -> str:
    seen = {member.name}
    name = member.target
    while name in tree and tree[name].kind == "hard link" and name not in seen:
        seen.add(name)
        name = tree[name].target
    if name not in tree or tree[name].kind != "file":
        raise ValueError(f"hard link {member.name!r} names no file of the tree: {member.target!r}")
    return name


def _sha256(content: bytes | None) -> str | None:
    if content is None:
        return None
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _listed(kind: Kind, name: str, mode: int, target: str, sha256: str | None) -> Member:
    """The file is root's, but what it says is checked like the archive that it stands for."""
    if kind not in KINDS or not isinstance(mode, int) or (kind == "file") != isinstance(sha256, str):
        raise ValueError("not written by write_manifest")
    named = _checked_name(target) if kind == "hard link" else target
    return Member(kind, _checked_name(name), mode & MODE_BITS, named, sha256=sha256)
