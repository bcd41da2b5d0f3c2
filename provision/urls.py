"""URLs as they may be shown. User, password and query can be secrets; the fragment, which is sent nowhere, as well."""

from __future__ import annotations

import re
from collections.abc import Iterator

MASK = "******"

WHOLE = (
    r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/?#]*@)?"
    r"(?P<place>(?:\[[^\]/?#]*\]|[^:/?#@\[\]]*)(?::[0-9]*)?(?:/[^?#]*)?)(?P<rest>[?#].+)?[?#]?"
)
# In a sentence or a line of YAML it ends with the word, before the quotation mark that may stand there. JSON may
# have a backslash before each slash.
IN_TEXT = (
    r":\\?/\\?/(?:(?P<user>[^\s/?#]+)@)?[^\s?#]*"
    r"""(?:[?#](?P<rest>\S+?)(?=["']?[],;:)}]{0,3}(?:\s|$)))?"""
)


def shown_url(url: str) -> str:
    """Scheme, host, port and path; of what cannot be read as a URL nothing that could be more than that."""
    match = re.fullmatch(WHOLE, url)
    if match is None:
        return MASK if re.search("[:@?#]", url) else url
    user = f"{MASK}@" if match["user"] else ""
    rest = f"{match['rest'][0]}{MASK}" if match["rest"] else ""
    return f"{match['scheme']}://{user}{match['place']}{rest}"


def file_name(url: str) -> str:
    """The last part of the path, or what may be shown of the whole where it has none."""
    return re.split("[?#]", url, maxsplit=1)[0].rpartition("/")[2] or shown_url(url)


def masked_urls(text: str) -> str:
    """A text with each URL in it as it may be shown."""
    for start, end in reversed(list(secret_parts(text))):
        text = text[:start] + MASK + text[end:]
    return text


def secret_parts(text: str) -> Iterator[tuple[int, int]]:
    """Where users, passwords and queries of URLs stand in a text."""
    if ":/" not in text and ":\\/" not in text:  # as most texts
        return
    for match in re.finditer(IN_TEXT, text):
        for name in ("user", "rest"):
            if match[name]:
                yield match.span(name)
