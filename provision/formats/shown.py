"""A whole config as it may be shown: what is marked secret in it is hidden."""

from __future__ import annotations

from collections.abc import Callable

from provision.formats import format_of, tree
from provision.formats.nodes import secret_spans
from provision.formats.source import TextError, decode, lines_of, masked, masked_by_name
from provision.formats.tree import Tree
from provision.schema import secret_names


def without_secrets(text: str) -> str:
    """Line by line the same text, also of a config that is no YAML."""
    data = text.encode()
    chosen = format_of(data)
    if chosen.container is not None:
        from provision.formats.front_end import every_secret_name

        return "\n".join(masked_by_name(lines_of(data), every_secret_name()))
    names = secret_names()
    parse: Callable[[str], Tree] = tree.parse
    if chosen.front_end is not None:
        from provision.formats.front_end import front_end_at

        front_end = front_end_at(chosen.front_end)
        names, parse = front_end.secret_names(), front_end.parse
    try:
        spans = secret_spans(parse(decode(data)).root, names)
    except TextError:
        return "\n".join(masked_by_name(lines_of(data), names))
    return "\n".join(masked(lines_of(data), spans))
