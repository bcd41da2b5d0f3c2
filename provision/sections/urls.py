"""URLs as the config writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import structs

from provision.findings import Place, Problem, error
from provision.sections.hosts import is_host_name
from provision.variables import has_variable

if TYPE_CHECKING:
    from urllib.parse import SplitResult


def check_url(text: str, place: Place, *, schemes: tuple[str, ...]) -> Iterator[Problem]:
    """Scheme, host and port make sense. The URL itself stays out of the messages: it may hold a password."""
    if has_variable(text):
        return
    reason = _reason(text, schemes)
    if reason:
        hint = f"write {' or '.join(f'{scheme}://host/path' for scheme in schemes)}"
        yield structs.replace(error("url", place, reason, hint), sensitive="@" in text)


def _reason(text: str, schemes: tuple[str, ...]) -> str | None:
    if any(char.isspace() or not char.isprintable() for char in text):
        return "a URL has no spaces or line breaks; write them as %20"
    from urllib.parse import urlsplit  # not at the top: a config without URLs needs none of it

    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        # urlsplit quotes the offending part: a password, when the `@` after it was forgotten.
        return "the URL's host or port cannot be read"
    if not url.scheme or "://" not in text:
        return "no URL: there is no scheme"
    if url.scheme not in schemes:
        return f"scheme {url.scheme!r} is not supported"
    if port == 0:
        return "port 0 cannot be connected to"
    return None if _is_host(url) else "the URL has no valid host"


def _is_host(url: SplitResult) -> bool:
    host = url.hostname or ""
    return is_host_name(host) or is_ip(host)


def is_ip(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
