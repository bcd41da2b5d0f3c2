"""Two configs into one.

By the rules of `include`, mappings merge key by key, lists of things that have a name or path merge by it, everything
else is replaced: the including file's value wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
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


class Rules(Struct, frozen=True):
    """`keys` as KEYS. `sets` are lists to which what is new is added, `lists` those that go on with all of it.

    `instead`: of a list's entries, what one of these keys replaces as soon as one of them is there. `apart`: lists of a
    mapping that exclude each other, so that what is in one of the upper is in no other one of the lower.
    """

    keys: Mapping[Names, str]
    sets: frozenset[Names] = frozenset()
    lists: frozenset[Names] = frozenset()
    instead: Mapping[Names, tuple[str, ...]] = {}
    apart: Mapping[Names, tuple[str, ...]] = {}


OF_INCLUDE = Rules(KEYS)


def merge(base: Node, over: Node, made: Made, place: Names = (), rules: Rules = OF_INCLUDE) -> Node:
    """`base` is what was included. What it includes itself is already in it, so its `include` is left out."""
    if isinstance(base, MappingNode) and isinstance(over, MappingNode):
        return _merge_mappings(base, over, made, place, rules)
    if isinstance(base, SequenceNode) and isinstance(over, SequenceNode):
        if place in rules.keys:
            return _merge_lists(base, over, made, place, rules)
        if place in rules.sets or place in rules.lists:
            return _joined(base, over, made, only_new=place in rules.sets)
    return over


def _joined(base: SequenceNode, over: SequenceNode, made: Made, *, only_new: bool) -> Node:
    known = {item.value for item in base.value if isinstance(item, ScalarNode)} if only_new else set()
    added = [item for item in over.value if not (isinstance(item, ScalarNode) and item.value in known)]
    merged = SequenceNode(over.tag, [*base.value, *added], over.start_mark, over.end_mark)
    made(merged, over)
    return merged


def _merge_mappings(base: MappingNode, over: MappingNode, made: Made, place: Names, rules: Rules) -> Node:
    values = {key.value: (key, value) for key, value in _first_of_each(pairs(base))}
    if not place:
        values.pop("include", None)
    own = _first_of_each(pairs(over))
    instead = rules.instead.get(place, ())
    if any(key.value in instead for key, _ in own):
        for name in instead:
            values.pop(name, None)
    for name in rules.apart.get(place, ()):
        _take_away(values, name, [value for key, value in own if key.value != name], made)
    for key, value in own:
        if key.value in values:
            value = merge(values[key.value][1], value, made, (*place, key.value), rules)  # noqa: PLW2901
        values[key.value] = (key, value)
    merged = MappingNode(over.tag, list(values.values()), over.start_mark, over.end_mark)
    made(merged, over)
    return merged


def _take_away(values: dict[str, tuple[ScalarNode, Node]], name: str, others: list[Node], made: Made) -> None:
    """Of the list of this name, what is in one of the others."""
    if name not in values or not isinstance(values[name][1], SequenceNode):
        return
    key, node = values[name]
    taken = {item.value for other in others if isinstance(other, SequenceNode) for item in other.value}
    rest = SequenceNode(node.tag, [], node.start_mark, node.end_mark)
    rest.value = [item for item in node.value if item.value not in taken]
    made(rest, node)
    values[name] = (key, rest)


def _first_of_each(found: Iterable[tuple[ScalarNode, Node]]) -> list[tuple[ScalarNode, Node]]:
    """Of equal keys the first counts: a mapping's own stand before those that `<<` brings."""
    values: dict[str, tuple[ScalarNode, Node]] = {}
    for key, value in found:
        values.setdefault(key.value, (key, value))
    return list(values.values())


def _merge_lists(base: SequenceNode, over: SequenceNode, made: Made, place: Names, rules: Rules) -> Node:
    """In the order of the included file, then what is new. The same name twice in one file stays twice."""
    items = list(base.value)
    positions: dict[str, int] = {}
    for position, item in enumerate(items):
        name = _name(item, rules.keys[place])
        if name is not None:
            positions.setdefault(name, position)
    for item in over.value:
        name = _name(item, rules.keys[place])
        known = positions.pop(name, None) if name is not None else None
        if known is None:
            items.append(item)
        else:
            items[known] = merge(items[known], item, made, place, rules)
    merged = SequenceNode(over.tag, items, over.start_mark, over.end_mark)
    made(merged, over)
    return merged


def _name(item: Node, key: str) -> str | None:
    for name, value in pairs(item) if isinstance(item, MappingNode) else ():
        if name.value == key:
            return str(value.value) if isinstance(value, ScalarNode) else None
    return None
