"""A native tree in the making, which keeps of each value where the user wrote what it says."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Protocol, TypeVar

from msgspec import Struct, structs
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.actions import RemoteContent
from provision.findings import Place, Problem, error
from provision.formats.nodes import TAG, Plain, pairs, secret_values
from provision.formats.spelling import Spell
from provision.resolve import CannotInclude, Listed
from provision.variables import has_variable

V = TypeVar("V")


class Inclusion(Struct, frozen=True):
    """Another config that goes over this one, or takes its place."""

    place: Place
    config: RemoteContent
    replaces: bool = False


class Beside(Protocol):
    """What lies beside the user's file, by a path relative to it. Raises CannotInclude."""

    def content(self, path: str) -> bytes: ...
    def listing(self, path: str) -> tuple[Listed, ...]: ...


class Draft:
    """Filled by a front end. `root` is the document; `report` takes problems at places of the user's format.

    `spell` makes the keys of places those of the format; `beside` gives what else is read.
    """

    def __init__(self, user: Node, *, spell: Spell = str, beside: Beside | None = None) -> None:
        self.problems: list[Problem] = []
        self.inclusions: list[Inclusion] = []
        self.places: dict[int, Place] = {}
        self._user = user
        self._variables: Callable[[str], str] | None = None
        self._spell = spell
        self._beside = beside
        self._known: dict[
            int, dict[str, tuple[ScalarNode, Node]]
        ] = {}  # a mapping of many keys is looked at once
        self.root = Entry(self, self._mapping(()))

    def report(self, problem: Problem) -> None:
        self.problems.append(structs.replace(problem, place=self.spelled(problem.place)))

    def include(self, place: Place, config: RemoteContent | None, *, replaces: bool = False) -> None:
        """None for what was reported to be none."""
        if config is not None:
            self.inclusions.append(Inclusion(self.spelled(place), config, replaces))

    def local(self, path: str, place: Place) -> bytes | None:
        """The content of a file beside the user's; None when there is a problem, which is reported."""
        return self._from_beside(path, place, lambda beside: beside.content(path))

    def listing(self, path: str, place: Place) -> tuple[Listed, ...]:
        """All that is in a directory beside the user's file, and below it; nothing when there is a problem."""
        return self._from_beside(path, place, lambda beside: beside.listing(path)) or ()

    def _from_beside(self, path: str, place: Place, read: Callable[[Beside], V]) -> V | None:
        if posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == ".." or not path:
            hint = "write the path as seen from the directory of this file"
            self.report(error("local-path", place, f"{path!r} is no path below this file's directory", hint))
            return None
        try:
            if self._beside is None:
                raise CannotInclude("include-unresolved", "other files cannot be read here")
            return read(self._beside)
        except CannotInclude as failure:
            self.report(error(failure.code, place, failure.message, failure.hint))
            return None

    def spelled(self, place: Place) -> Place:
        return tuple(self._spell(part) if isinstance(part, str) else part for part in place)

    def has_variables(self, in_ours: Callable[[str], str]) -> None:
        """For a format with variables of its own: `in_ours` writes those in a text as ours."""
        self._variables = in_ours

    def finish(self) -> MappingNode:
        """The native tree. What reads there like a variable of ours was written by users of another format, who
        mean it as it stands.
        """
        texts = [node for node in _scalars(self.root.node) if self._variables or has_variable(node.value)]
        if texts:
            from provision.schema import secret_names

            # Secrets take no variables, so nothing is escaped in them.
            secrets = {
                id(inner)
                for value in secret_values(self.root.node, secret_names())
                for inner in _scalars(value)
            }
            for node in texts:
                if id(node) not in secrets:
                    escaped = node.value.replace("${facts.", "$${facts.").replace("${vars.", "$${vars.")
                    node.value = self._variables(escaped) if self._variables else escaped
        return self.root.node

    def _written(self, place: Place) -> _Written:
        """What the user has there, or else the nearest around it."""
        place = self.spelled(place)
        key = node = self._user
        for depth, part in enumerate(place):
            found = self._below(node, part)
            if found is None:
                return _Written(key, node, place[:depth])
            key, node = found
        return _Written(key, node, place)

    def _below(self, node: Node, part: str | int) -> tuple[Node, Node] | None:
        """The key, in a list the value itself, and the value."""
        if isinstance(part, int):
            is_there = isinstance(node, SequenceNode) and part < len(node.value)
            return (node.value[part], node.value[part]) if is_there else None
        if not isinstance(node, MappingNode):
            return None
        if id(node) not in self._known:
            # Backwards, so that of equal keys the first one counts.
            self._known[id(node)] = {key.value: (key, value) for key, value in reversed(list(pairs(node)))}
        return self._known[id(node)].get(part)

    def _key(self, name: str, place: Place) -> ScalarNode:
        written = self._written(place)
        node = ScalarNode(f"{TAG}str", name, written.key.start_mark, written.key.end_mark)
        self.places[id(node)] = written.place
        return node

    def _mapping(self, place: Place) -> MappingNode:
        written = self._written(place)
        node = MappingNode(f"{TAG}map", [], written.node.start_mark, written.node.end_mark)
        self.places[id(node)] = written.place
        return node

    def _list(self, place: Place) -> SequenceNode:
        written = self._written(place)
        node = SequenceNode(f"{TAG}seq", [], written.node.start_mark, written.node.end_mark)
        self.places[id(node)] = written.place
        return node

    def _made(self, value: Plain, place: Place) -> Node:
        if isinstance(value, dict):
            mapping = self._mapping(place)
            for key, inner in value.items():
                mapping.value.append((self._key(key, (*place, key)), self._made(inner, (*place, key))))
            return mapping
        if isinstance(value, list):
            items = self._list(place)
            items.value += [self._made(item, (*place, index)) for index, item in enumerate(value)]
            return items
        written = self._written(place)
        node = _scalar(value, written.node)
        self.places[id(node)] = written.place
        return node


class Entry:
    """A mapping of the native tree. Every `place` is where, in the user's format, that comes from."""

    def __init__(self, draft: Draft, node: MappingNode) -> None:
        self.node = node
        self._draft = draft
        self._values: dict[str, Node] = {}
        self._entries: dict[str, Entry] = {}

    def put(self, key: str, value: Plain, place: Place) -> None:
        """None says nothing, and a second value for a key takes the place of the first. Items of lists, and values of
        mappings, are looked for below the place.
        """
        if value is not None:
            self._add(key, self._draft._made(value, place), place)

    def append(self, key: str, value: Plain, place: Place) -> None:
        """At the end of the list under this key."""
        self._items(key, place).append(self._draft._made(value, place))

    def item(self, key: str, place: Place) -> Entry:
        """A new mapping at the end of the list under this key."""
        node = self._draft._mapping(place)
        self._items(key, place).append(node)
        return Entry(self._draft, node)

    def entry(self, key: str, place: Place) -> Entry:
        """The mapping under this key, made when it is not there yet."""
        if key not in self._entries:
            node = self._draft._mapping(place)
            self._add(key, node, place)
            self._entries[key] = Entry(self._draft, node)
        return self._entries[key]

    def _items(self, key: str, place: Place) -> list[Node]:
        around = place[:-1] if place and isinstance(place[-1], int) else place
        known = self._values.get(key)
        if not isinstance(known, SequenceNode):
            known = self._draft._list(around)
            self._add(key, known, around)
        items: list[Node] = known.value
        return items

    def _add(self, key: str, value: Node, place: Place) -> None:
        if key in self._values:
            self.node.value = [pair for pair in self.node.value if pair[0].value != key]
            self._entries.pop(key, None)
        self.node.value.append((self._draft._key(key, place), value))
        self._values[key] = value


class _Written(Struct, frozen=True):
    """`key` is the key's own node, or in a list the value itself."""

    key: Node
    node: Node
    place: Place


def _scalar(value: bool | int | float | str | None, user: Node) -> ScalarNode:
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    style = user.style if isinstance(user, ScalarNode) else ">"
    if style == "|" and text != user.value:
        style = ">"  # its lines are no lines of the file: a finding points at where the text begins
    kind = "null" if value is None else type(value).__name__
    return ScalarNode(f"{TAG}{kind}", text, user.start_mark, user.end_mark, style=style)


def _scalars(root: Node) -> list[ScalarNode]:
    found: list[ScalarNode] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            found.append(node)
        elif isinstance(node, MappingNode):
            waiting += [value for _, value in node.value]
        elif isinstance(node, SequenceNode):
            waiting += node.value
    return found
