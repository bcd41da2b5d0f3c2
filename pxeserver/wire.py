"""The one error for bytes from the network that cannot be understood."""

from __future__ import annotations


class WireError(Exception):
    """Bytes that are not what their protocol says; the message names the field and what is wrong with it."""
