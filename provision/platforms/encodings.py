"""Config in a value that holds text only: base64, and gzip within it."""

from __future__ import annotations

from provision.errors import SourceError

BASE64 = ("base64", "b64")
GZIP_BASE64 = ("gzip+base64", "gz+b64", "gzip+b64", "gz+base64")
LIMIT_BYTES = 16 * 1024 * 1024


def decode(text: str, encoding: str, what: str) -> bytes:
    """SourceError for an encoding that is not known, and for text that is not in it; never with the text."""
    encoding = encoding.strip().lower()
    if not encoding:
        return text.encode()
    if encoding not in BASE64 + GZIP_BASE64:
        hint = f"use one of {', '.join(BASE64 + GZIP_BASE64)}, or none"
        raise SourceError(f"encoding {encoding!r} of {what} is not known", hint=hint)
    import base64
    import binascii

    from provision.compression import gunzip

    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        return gunzip(data, limit_bytes=LIMIT_BYTES) if encoding in GZIP_BASE64 else data
    except (binascii.Error, ValueError) as problem:
        raise SourceError(f"{what} is not {encoding}: {type(problem).__name__}") from problem
