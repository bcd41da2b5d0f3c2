"""`data:` URLs (RFC 2397): content that stands in the URL itself."""

from __future__ import annotations

import base64


def is_data_url(text: str) -> bool:
    return text[:5].lower() == "data:"


def decode_data_url(text: str) -> bytes:
    """The content, whatever its media type. ValueError when it cannot be read."""
    from urllib.parse import unquote_to_bytes  # not at the top: few configs have such URLs

    header, comma, data = text[len("data:") :].partition(",")
    if not comma:
        raise ValueError("a data URL has a comma before its content")
    if any(char.isspace() for char in text):
        raise ValueError("a URL has no spaces or line breaks; write them as %20")
    content = unquote_to_bytes(data)
    if header.lower().rpartition(";")[2] != "base64":
        return content
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as problem:
        raise ValueError(f"no base64: {str(problem).lower()}") from problem
