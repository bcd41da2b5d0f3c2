"""A directory beside a config, with all that is below it: for formats that embed whole trees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from provision.formats.source import MAX_CONFIG_BYTES
from provision.resolve import CannotInclude, Listed

MAX_ENTRIES = 4096


def list_below(directory: str, name: str) -> tuple[Listed, ...]:
    """Sorted. CannotInclude for what cannot be read or is more than a config may have."""
    root = Path(directory) / name
    if not root.is_dir():
        raise CannotInclude("include-unreadable", f"{name!r} is no directory")
    found: list[Listed] = []
    size_bytes = 0
    try:
        for one in _walk(root, root):
            found.append(one)
            size_bytes += len(one.data)
            if size_bytes > MAX_CONFIG_BYTES or len(found) > MAX_ENTRIES:
                limit = f"{MAX_CONFIG_BYTES} bytes or {MAX_ENTRIES} entries"
                raise CannotInclude("include-too-large", f"below {name!r} there are more than {limit}")
    except OSError as failure:
        reason = failure.strerror or type(failure).__name__
        raise CannotInclude("include-unreadable", f"cannot read {name!r}: {reason}") from failure
    return tuple(found)


def _walk(root: Path, place: Path) -> Iterator[Listed]:
    for entry in sorted(place.iterdir()):
        name = str(entry.relative_to(root))
        if entry.is_symlink():
            yield Listed("link", name, target=str(entry.readlink()))
        elif entry.is_dir():
            yield Listed("directory", name)
            yield from _walk(root, entry)
        elif entry.is_file():
            with entry.open("rb") as stream:
                data = stream.read(MAX_CONFIG_BYTES + 1)
            yield Listed("file", name, data, executable=bool(entry.stat().st_mode & 0o111))
        else:
            raise CannotInclude("include-unreadable", f"{name!r} is no file, directory or link")
