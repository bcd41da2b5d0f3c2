"""A config laid over another one, as Ignition merges: https://coreos.github.io/ignition/operator-notes/#config-merging

What has a name, or a path, becomes one thing, of which the upper one says what it says; keys and groups of a user and
arguments of the kernel add up; what is appended to a file is appended after what the lower one appends. A file, a
directory and a link of one path exclude each other, as an argument that is wanted and one that is not: the upper one
counts.
"""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.formats.merge import KEYS, Made, Rules, merge
from provision.formats.nodes import pairs

RULES = Rules(
    keys={**KEYS, ("units", "dropins"): "name"},
    sets=frozenset(
        [
            ("users", "groups"),
            ("users", "ssh_authorized_keys"),
            ("kernel", "arguments", "present"),
            ("kernel", "arguments", "absent"),
        ]
    ),
    lists=frozenset([("files", "append")]),
    apart={("kernel", "arguments"): ("present", "absent")},
    instead={
        ("files",): ("content", "content_base64", "source", "sha256", "sha512", "compression", "headers")
    },
)
NODES = ("directories", "files", "links")


def lay_over(base: Node, over: Node, made: Made) -> Node:
    return merge(_without_others(base, over, made), over, made, rules=RULES)


def _without_others(base: Node, over: Node, made: Made) -> Node:
    """Without what the upper config makes something of another kind."""
    if not isinstance(base, MappingNode) or not isinstance(over, MappingNode):
        return base
    upper = {section: _paths(value) for key, value in pairs(over) if (section := key.value) in NODES}
    kept: list[tuple[Node, Node]] = []
    for key, value in pairs(base):
        taken = set().union(*(paths for section, paths in upper.items() if section != key.value))
        if key.value in NODES and isinstance(value, SequenceNode) and taken & _paths(value):
            items = [item for item in value.value if _path(item) not in taken]
            rest = SequenceNode(value.tag, items, value.start_mark, value.end_mark)
            made(rest, value)
            kept.append((key, rest))
        else:
            kept.append((key, value))
    whole = MappingNode(base.tag, kept, base.start_mark, base.end_mark)
    made(whole, base)
    return whole


def _paths(section: Node) -> set[str]:
    items = section.value if isinstance(section, SequenceNode) else []
    return {path for item in items if (path := _path(item)) is not None}


def _path(item: Node) -> str | None:
    for key, value in pairs(item) if isinstance(item, MappingNode) else ():
        if key.value == "path" and isinstance(value, ScalarNode):
            return str(value.value)
    return None
