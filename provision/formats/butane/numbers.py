"""YAML as Butane reads it: a number may be octal or hexadecimal, as modes are, and a version is text."""

from __future__ import annotations

import re

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.formats import tree
from provision.formats.nodes import TAG, Construction
from provision.formats.tree import Tree

OCTAL = re.compile(r"0o?([0-7]{1,20})")
HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]{1,16})")


def parse(text: str) -> Tree:
    found = tree.parse(text)
    if found.problems or not _has_numbers(found.root):
        return found
    construction = Construction()
    data, _ = construction.make(found.root)
    return Tree(found.root, data, tuple(construction.problems))


def _has_numbers(root: Node) -> bool:
    """Whether there were any; they are decimal afterwards, in the same places."""
    changed = False
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            number = _number(node)
            if number is not None:
                node.value, node.tag = str(number), f"{TAG}int"
                changed = True
        inner = (
            [part for pair in node.value for part in pair]
            if isinstance(node, MappingNode)
            else node.value
            if isinstance(node, SequenceNode)
            else []
        )
        waiting += [one for one in inner if id(one) not in seen]
        seen.update(id(one) for one in inner)
    return changed


def _number(node: ScalarNode) -> int | None:
    """Of a scalar without quotes. `0o644`, of YAML 1.2, is text for YAML 1.1."""
    if node.style or node.tag not in (f"{TAG}int", f"{TAG}str"):
        return None
    octal, hexadecimal = OCTAL.fullmatch(node.value), HEXADECIMAL.fullmatch(node.value)
    if octal:
        return int(octal[1], 8)
    return int(hexadecimal[1], 16) if hexadecimal else None
