"""What the fields of a cloud-config have in common."""

from __future__ import annotations

from functools import partial

from msgspec import Meta

from provision.findings import Severity
from provision.formats.front_end import not_carried

refused = partial(not_carried, Severity.ERROR)
"""The machine would be another one without it."""

ignored = partial(not_carried, Severity.WARNING)
"""The machine is the same without it."""

SECRET = Meta(extra={"secret": True})


def refused_secret(message: str) -> Meta:
    return Meta(description=message, extra={"not_carried": Severity.ERROR, "secret": True})
