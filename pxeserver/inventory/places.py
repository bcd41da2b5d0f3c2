"""The line of a file that says something: where an explanation points."""

from __future__ import annotations

from pathlib import Path

import yaml


def place(file: str | Path, path: str) -> str:
    """`file:line` of the key with this dotted path, or of the deepest of its parents that is there."""
    return f"{file}:{_line(Path(file), path.split('.'))}"


def _line(file: Path, keys: list[str]) -> int:
    try:
        node = yaml.compose(file.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError):  # gone or broken since it was read: the file is still the right one
        return 1
    line = 1
    for wanted in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        pairs = {str(key.value): (key, value) for key, value in node.value}
        if wanted not in pairs:
            break
        key, node = pairs[wanted]
        line = key.start_mark.line + 1
    return line
