"""gzip (RFC 1952), never more than was agreed to."""

from __future__ import annotations

CHUNK_BYTES = 1024 * 1024


def gunzip(data: bytes, *, limit_bytes: int) -> bytes:
    """What the data unpacks to. ValueError for anything but gzip, and for more than the limit."""
    import gzip
    import io
    import zlib

    parts: list[bytes] = []
    left = limit_bytes
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while part := file.read(min(CHUNK_BYTES, left + 1)):
                parts.append(part)
                left -= len(part)
                if left < 0:
                    raise ValueError(f"unpacks to more than {limit_bytes} bytes")
    except EOFError as error:
        raise ValueError("the gzip data ends too early") from error
    except (OSError, zlib.error) as error:  # BadGzipFile is an OSError; nothing is read from a disk here
        raise ValueError("not gzip, or damaged") from error
    if not data:
        raise ValueError("not gzip: it is empty")
    return b"".join(parts)
