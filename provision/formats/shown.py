"""A whole config as it may be shown: what is marked secret in it is hidden."""

from __future__ import annotations

from provision.formats.nodes import secret_spans
from provision.formats.source import TextError, decode, lines_of, masked, masked_by_name
from provision.formats.tree import parse
from provision.schema import secret_names


def without_secrets(text: str) -> str:
    """Line by line the same text, also of a config that is no YAML."""
    data = text.encode()
    try:
        spans = secret_spans(parse(decode(data)).root, secret_names())
    except TextError:
        return "\n".join(masked_by_name(lines_of(data), secret_names()))
    return "\n".join(masked(lines_of(data), spans))
