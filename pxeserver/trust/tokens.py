"""Boot tokens: the secret that one boot of one machine shows to get its config and to report."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

TOKEN_BYTES = 32  # 256 bits: cannot be guessed, and 43 characters still fit a kernel command line
_SCHEME = "Bearer "


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is stored: a leaked database gives nobody a config."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_token(authorization: str | None) -> str | None:
    """The token of an `Authorization` header (RFC 6750 section 2.1), or None when it holds none."""
    if authorization is None or not authorization.startswith(_SCHEME):
        return None
    return authorization.removeprefix(_SCHEME).strip() or None


def matching_digest(token: str, digests: Iterable[str]) -> str | None:
    """The stored digest that belongs to `token`, found in constant time for each candidate."""
    presented = digest_of(token)
    found = None
    for digest in digests:
        if hmac.compare_digest(presented, digest):
            found = digest
    return found
