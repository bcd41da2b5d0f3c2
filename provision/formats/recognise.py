"""Which format a text is in, from its bytes alone. Kept apart from the front ends, which load only when needed."""

from __future__ import annotations

import re


def is_gzip(data: bytes) -> bool:
    return data.startswith(b"\x1f\x8b")  # RFC 1952 2.3.1


def is_cloud_config(data: bytes) -> bool:
    return _begins(data, b"#cloud-config") and not _begins(data, b"#cloud-config-")


def is_script(data: bytes) -> bool:
    return _begins(data, b"#!")


def is_boothook(data: bytes) -> bool:
    return _begins(data, b"#cloud-boothook")


def _begins(data: bytes, mark: bytes) -> bool:
    """As cloud-init looks for it: small letters and capitals alike, and after blanks."""
    return data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()[: len(mark)].lower() == mark


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
