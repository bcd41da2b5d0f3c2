"""gzip (RFC 1952), xz and bzip2, never more than was agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

CHUNK_BYTES = 1024 * 1024
XZ_MEMORY_BYTES = 256 * 1024 * 1024  # `xz -9` asks for 65 MiB; a header can ask for gigabytes

GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"
XZ_MAGIC = b"\xfd7zXZ\x00"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def decompressed(data: bytes, *, limit_bytes: int) -> bytes:
    """What the data unpacks to, or the data itself when it is not packed. ValueError as from `gunzip`."""
    if data.startswith(GZIP_MAGIC):
        return gunzip(data, limit_bytes=limit_bytes)
    if data.startswith(XZ_MAGIC):
        return _joined(_xz_parts(data), "xz", limit_bytes)
    if data.startswith(BZIP2_MAGIC):
        return _joined(_bzip2_parts(data), "bzip2", limit_bytes)
    if data.startswith(ZSTD_MAGIC):
        raise ValueError("zstd is not supported; pack it with gzip or xz")
    return data


def gunzip(data: bytes, *, limit_bytes: int) -> bytes:
    """What the data unpacks to. ValueError for anything but gzip, and for more than the limit."""
    if not data:
        raise ValueError("not gzip: it is empty")
    return _joined(_gzip_parts(data), "gzip", limit_bytes)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _joined(parts: Iterator[bytes], name: str, limit_bytes: int) -> bytes:
    import zlib
    from lzma import LZMAError

    gathered: list[bytes] = []
    left = limit_bytes
    try:
        for part in parts:
            gathered.append(part)
            left -= len(part)
            if left < 0:
                raise ValueError(f"unpacks to more than {limit_bytes} bytes")
    except EOFError as error:
        raise ValueError(f"the {name} data ends too early") from error
    except (OSError, LZMAError, zlib.error) as error:  # BadGzipFile is an OSError; no disk is read here
        raise ValueError(f"not {name}, or damaged") from error
    return b"".join(gathered)


def _gzip_parts(data: bytes) -> Iterator[bytes]:
    import gzip
    import io

    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        yield from _chunks(file)


def _bzip2_parts(data: bytes) -> Iterator[bytes]:
    import bz2
    import io

    with bz2.BZ2File(io.BytesIO(data)) as file:
        yield from _chunks(file)


def _chunks(file: _Readable) -> Iterator[bytes]:
    while part := file.read(CHUNK_BYTES):
        yield part


def _xz_parts(data: bytes) -> Iterator[bytes]:
    """Not LZMAFile, which takes as much memory as the header asks for."""
    import lzma

    while data:  # streams one after another are one file
        stream = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)
        yield stream.decompress(data, CHUNK_BYTES)
        while not stream.eof:
            if stream.needs_input:
                raise EOFError
            yield stream.decompress(b"", CHUNK_BYTES)
        data = stream.unused_data.lstrip(b"\0")  # padding between streams
