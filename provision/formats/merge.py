"""Two configs into one, by the rules of `include`.

Mappings merge key by key, lists of things that have a name or path merge by it, everything else is replaced: the
including file's value wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.formats.nodes import pairs

Names = tuple[str, ...]
Made = Callable[[Node, Node], None]
"""Told of each node that merging made, and of the including file's node that it stands for."""

# Which key makes two entries of a list the same thing.
KEYS: dict[Names, str] = {
    ("commands",): "name",
    ("containers",): "name",
    ("directories",): "path",
    ("files",): "path",
    ("groups",): "name",
    ("hosts",): "address",
    ("links",): "path",
    ("network", "interfaces"): "name",
    ("ssh_host_keys",): "type",
    ("trees",): "path",
    ("trust", "certificate_authorities"): "name",
    ("units",): "name",
    ("users",): "name",
}


def merge(base: Node, over: Node, made: Made, place: Names = ()) -> Node:
    """`base` is what was included. What it includes itself is already in it, so its `include` is left out."""
    if isinstance(base, MappingNode) and isinstance(over, MappingNode):
        return _merge_mappings(base, over, made, place)
    if isinstance(base, SequenceNode) and isinstance(over, SequenceNode) and place in KEYS:
        return _merge_lists(base, over, made, place)
    return over


def _merge_mappings(base: MappingNode, over: MappingNode, made: Made, place: Names) -> Node:
    values = {key.value: (key, value) for key, value in _first_of_each(pairs(base))}
    if not place:
        values.pop("include", None)
    for key, value in _first_of_each(pairs(over)):
        if key.value in values:
            value = merge(values[key.value][1], value, made, (*place, key.value))  # noqa: PLW2901
        values[key.value] = (key, value)
    merged = MappingNode(over.tag, list(values.values()), over.start_mark, over.end_mark)
    made(merged, over)
    return merged


def _first_of_each(found: Iterable[tuple[ScalarNode, Node]]) -> list[tuple[ScalarNode, Node]]:
    """Of equal keys the first counts: a mapping's own stand before those that `<<` brings."""
    values: dict[str, tuple[ScalarNode, Node]] = {}
    for key, value in found:
        values.setdefault(key.value, (key, value))
    return list(values.values())


def _merge_lists(base: SequenceNode, over: SequenceNode, made: Made, place: Names) -> Node:
    """In the order of the included file, then what is new. The same name twice in one file stays twice."""
    items = list(base.value)
    positions: dict[str, int] = {}
    for position, item in enumerate(items):
        name = _name(item, KEYS[place])
        if name is not None:
            positions.setdefault(name, position)
    for item in over.value:
        name = _name(item, KEYS[place])
        known = positions.pop(name, None) if name is not None else None
        if known is None:
            items.append(item)
        else:
            items[known] = merge(items[known], item, made, place)
    merged = SequenceNode(over.tag, items, over.start_mark, over.end_mark)
    made(merged, over)
    return merged


def _name(item: Node, key: str) -> str | None:
    for name, value in pairs(item) if isinstance(item, MappingNode) else ():
        if name.value == key:
            return str(value.value) if isinstance(value, ScalarNode) else None
    return None
