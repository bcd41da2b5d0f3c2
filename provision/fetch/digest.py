"""Whether bytes are the ones that were asked for."""

from __future__ import annotations

import hashlib

from provision.errors import SourceError

ALGORITHMS = ("sha256", "sha512")


def verify(content: bytes, algorithm: str, digest: str) -> None:
    """SourceError when the content has another digest; `digest` in hex of any case."""
    if algorithm not in ALGORITHMS:
        raise SourceError(f"digest {algorithm!r} is not known", hint=f"use one of {', '.join(ALGORITHMS)}")
    have = hashlib.new(algorithm, content).hexdigest()
    if have != digest.lower():
        raise SourceError(
            f"{algorithm} is {have}, not {digest.lower()}",
            hint=f"the source changed or was damaged on its way; put its present {algorithm} into the config "
            "if that is what you want",
        )
