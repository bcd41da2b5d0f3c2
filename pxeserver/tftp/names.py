"""File names as TFTP clients write them."""

from __future__ import annotations

from pxeserver.wire import WireError

MAX_NAME_BYTES = 512


def split_name(name: str) -> tuple[str, ...]:
    """The folders and the file a name means, from the served root on; never `..`, never empty.

    Backslashes are slashes, repeated and leading slashes count for nothing: firmware writes all of these.
    """
    if len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        raise WireError(f"file name of more than {MAX_NAME_BYTES} bytes")
    if not name.isprintable():
        raise WireError(f"file name {name!r} has control characters")
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    if ".." in parts:
        raise WireError(f"file name {name!r} leads out of the served folder")
    if not parts:
        raise WireError(f"file name {name!r} names no file")
    return parts
