"""Archives for tests, made of rows: kind of entry, name, and content or what a link names."""

from __future__ import annotations

import io
import tarfile

TYPES = {
    "directory": tarfile.DIRTYPE,
    "file": tarfile.REGTYPE,
    "hard link": tarfile.LNKTYPE,
    "link": tarfile.SYMTYPE,
    "device": tarfile.CHRTYPE,
    "fifo": tarfile.FIFOTYPE,
}
Row = tuple[str, str, str]


def archive(*rows: Row, mode: int = 0o644, packing: str = "") -> bytes:
    """`packing`: nothing, gz, xz or bz2."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as tar:  # type: ignore[call-overload]
        for kind, name, value in rows:
            info = tarfile.TarInfo(name)
            info.type = TYPES[kind]
            info.mode = 0o755 if kind == "directory" else mode
            if kind == "file":
                content = value.encode()
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.linkname = value
                tar.addfile(info)
    return packed.getvalue()
