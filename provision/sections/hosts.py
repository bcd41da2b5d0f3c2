"""Host names, as several sections need them."""

from __future__ import annotations

import re

# RFC 1123 2.1: letters, digits and hyphens, no hyphen at either end of a label of at most 63 octets.
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")


def is_host_name(text: str) -> bool:
    return HOST_NAME.fullmatch(text) is not None and len(text) <= 253
