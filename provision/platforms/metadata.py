"""Metadata as services and drives write it: JSON and YAML into typed values, keys in their many shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from provision.errors import SourceError

T = TypeVar("T")


def decoded(data: bytes, type: type[T], what: str) -> T:
    """JSON as this type; fields that nobody asked for are passed over. SourceError when it is something else."""
    try:
        return msgspec.json.decode(data, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise SourceError(f"{what} is not what was expected: {problem}", hint=f"see {what}") from problem


def yaml_mapping(data: bytes, what: str) -> dict[str, Any]:
    """YAML (or JSON, which is YAML) whose outermost value is a mapping; empty for an empty text."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """Without YAML 1.1's numbers to the base of 60: some MAC addresses are such; and without dates."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag.rpartition(":")[2] in ("bool", "null")]
        for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9]\d*)$"), list("-0123456789")
    )
    try:
        value = yaml.load(data, Loader=Loader)  # noqa: S506 - a safe one
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as problem:
        # Not the problem's own text: it shows the line, which may be secret.
        mark = getattr(problem, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise SourceError(f"{what} is no YAML{where}", hint=f"see {what}") from problem
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SourceError(f"{what} is no mapping", hint=f"see {what}")
    return {str(key): item for key, item in value.items()}


def converted(value: object, type: type[T], what: str) -> T:
    """A plain value, as YAML gives it, as this type."""
    try:
        return msgspec.convert(value, type=type)
    except msgspec.ValidationError as problem:
        raise SourceError(f"{what} is not what was expected: {problem}", hint=f"see {what}") from problem


def ssh_keys(value: object) -> tuple[str, ...]:
    """Keys of a list, of a mapping from names, or of lines; EC2's mappings hold more than the key itself."""
    if isinstance(value, str):
        return tuple(dict.fromkeys(line.strip() for line in value.splitlines() if _is_key(line)))
    if isinstance(value, Mapping):
        return ssh_keys(value["openssh-key"] if "openssh-key" in value else list(value.values()))
    if isinstance(value, Iterable):
        return tuple(dict.fromkeys(key for item in value for key in ssh_keys(item)))
    return ()


def _is_key(line: str) -> bool:
    """One line of authorized_keys: `type base64 [comment]`, perhaps behind options."""
    return bool(re.search(r"(?:^|\s)(?:ssh-|ecdsa-|sk-)[\w@.-]+\s+[A-Za-z0-9+/]", line)) and line[:1] != "#"


def host_name(value: object) -> str | None:
    """The name, or None for what cannot be one: a cloud's console lets people write anything."""
    name = value.strip().rstrip(".") if isinstance(value, str) else ""
    if not name:
        return None
    from provision.sections.hosts import is_host_name

    return name if len(name) <= 64 and is_host_name(name) else None


def known(**facts: object) -> dict[str, str]:
    """Those facts that say something."""
    return {name: str(value) for name, value in facts.items() if value not in (None, "")}
