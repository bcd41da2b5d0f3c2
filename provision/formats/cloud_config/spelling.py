"""YAML as cloud-configs have it: `-` for `_` in keys, `!!binary`, and a name with nothing behind it.

Only keys that the types know are spelt anew: `my-group` stays the name of a group.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from msgspec import inspect
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provision.formats import tree
from provision.formats.cloud_config.config import CloudConfig
from provision.formats.cloud_config.write_files import WriteFile
from provision.formats.nodes import TAG, TEXT_TAG, Construction
from provision.formats.source import TextError
from provision.formats.tree import Tree

START = yaml.Mark("", 0, 0, 0, None, 0)
BINARY_TAG = f"{TAG}binary"
NULL_TAG = f"{TAG}null"
# What `!!binary` says is in base64, said by the encoding instead.
PACKED = {"gz": "gz+b64", "gzip": "gz+b64"}


def parse(text: str) -> Tree:
    """With nothing below its first line, it says nothing: clouds hand out such ones."""
    try:
        root = tree.parse(text).root
    except TextError as trouble:
        if trouble.code != "empty":
            raise
        root = MappingNode(f"{TAG}map", [], START, START)
    spelt = _Respelling().node(root, inspect.type_info(CloudConfig))
    assert isinstance(spelt, MappingNode)
    construction = Construction()
    data, _ = construction.make(spelt)
    return Tree(spelt, data, tuple(construction.problems))


class _Respelling:
    """Other nodes with the same marks. An alias stays one node, and a loop of aliases stays one."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], Node] = {}
        self._kept: list[inspect.Type] = []  # a type that is freed could give its identity to another one

    def node(self, node: Node, info: inspect.Type) -> Node:
        info = _fitting(info, node)
        known = self._made.get((id(node), id(info)))
        if known is not None:
            return known
        self._kept.append(info)
        if isinstance(node, MappingNode) and isinstance(info, (inspect.StructType, inspect.DictType)):
            mapping = MappingNode(node.tag, [], node.start_mark, node.end_mark)
            self._made[id(node), id(info)] = mapping
            fields = _fields(info)
            mapping.value = [self._pair(key, value, info, fields) for key, value in node.value]
            if isinstance(info, inspect.StructType) and info.cls is WriteFile:
                _without_binary(mapping)
            return mapping
        if isinstance(node, SequenceNode) and isinstance(info, inspect.VarTupleType):
            items = SequenceNode(node.tag, [], node.start_mark, node.end_mark)
            self._made[id(node), id(info)] = items
            items.value = [self.node(item, info.item_type) for item in node.value]
            return items
        return node

    def _pair(
        self, key: Node, value: Node, info: inspect.Type, fields: Mapping[str, inspect.Type]
    ) -> tuple[Node, Node]:
        if isinstance(key, ScalarNode) and key.tag.endswith(":merge"):
            if isinstance(value, SequenceNode):
                merged = [self.node(item, info) for item in value.value]
                return key, SequenceNode(value.tag, merged, value.start_mark, value.end_mark)
            return key, self.node(value, info)
        if isinstance(info, inspect.DictType):
            if isinstance(value, ScalarNode) and value.tag == NULL_TAG:
                value = SequenceNode(f"{TAG}seq", [], value.start_mark, value.end_mark)
            return key, self.node(value, info.value_type)
        name = key.value.replace("-", "_") if isinstance(key, ScalarNode) else ""
        if name not in fields:
            return key, value
        return ScalarNode(TEXT_TAG, name, key.start_mark, key.end_mark), self.node(value, fields[name])


def _fields(info: inspect.Type) -> Mapping[str, inspect.Type]:
    found = info.fields if isinstance(info, inspect.StructType) else ()
    return {field.encode_name: field.type for field in found}


def _fitting(info: inspect.Type, node: Node) -> inspect.Type:
    """Of several types the one that takes this kind of node."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    kinds = (
        (inspect.StructType, inspect.DictType) if isinstance(node, MappingNode) else (inspect.VarTupleType,)
    )
    members = info.types if isinstance(info, inspect.UnionType) else ()
    return next((_fitting(member, node) for member in members if _is(member, kinds)), info)


def _is(info: inspect.Type, kinds: tuple[type, ...]) -> bool:
    return _is(info.type, kinds) if isinstance(info, inspect.Metadata) else isinstance(info, kinds)


def _without_binary(file: MappingNode) -> None:
    """`content: !!binary` as its base64 with an encoding that says so."""
    values = {key.value: number for number, (key, _) in enumerate(file.value) if isinstance(key, ScalarNode)}
    content = file.value[values["content"]][1] if "content" in values else None
    if content is None or content.tag != BINARY_TAG:
        return
    key, _ = file.value[values["content"]]
    text = ScalarNode(TEXT_TAG, content.value, content.start_mark, content.end_mark, style=content.style)
    file.value[values["content"]] = (key, text)
    encoding = file.value[values["encoding"]][1].value if "encoding" in values else ""
    packed = ScalarNode(
        TEXT_TAG, PACKED.get(str(encoding), "b64"), content.start_mark, content.end_mark, style='"'
    )
    if "encoding" in values:
        file.value[values["encoding"]] = (file.value[values["encoding"]][0], packed)
    else:
        name = ScalarNode(TEXT_TAG, "encoding", content.start_mark, content.end_mark)
        file.value.append((name, packed))
