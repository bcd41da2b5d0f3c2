"""Which format a text is in, from its bytes alone. Kept apart from the front ends, which load only when needed."""

from __future__ import annotations

import re


def is_gzip(data: bytes) -> bool:
    return data.startswith(b"\x1f\x8b")  # RFC 1952 2.3.1


def is_butane(data: bytes) -> bool:
    """YAML with `variant` and `version` at its top."""
    return all(re.search(rb"(?m)^[\"']?%s[\"']?[ \t]*:" % key, data) for key in (b"variant", b"version"))


def is_ignition(data: bytes) -> bool:
    """An object with the key `ignition`; of no JSON at all, what looks like one."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{") or not re.search(rb'"ignition"\s*:', data):
        return False
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return True
    return isinstance(found, dict) and "ignition" in found
