"""Configs for other systems: told apart by their beginning as these systems do it, checked for their form alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import yaml

from provision.findings import Finding, Severity

# How cloud-init knows what it is given (cloudinit/handlers: the mark at the very beginning).
_CLOUD_INIT_MARKS = ("## template:", "#!", "#cloud-boothook", "#include", "#part-handler", "Content-Type:")


class ConfigFormat(StrEnum):
    """The value is the media type it is served as."""

    CLOUD_CONFIG = "text/cloud-config"
    IGNITION = "application/vnd.coreos.ignition+json"
    NATIVE = "application/yaml"
    OTHER = "text/plain"
    """A script, or another kind of user data for cloud-init."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why the text cannot be read at all; line and column count from 1."""

    code: str
    line: int
    column: int
    message: str


def format_of(text: str) -> ConfigFormat:
    if text.startswith("#cloud-config"):
        return ConfigFormat.CLOUD_CONFIG
    if text.lstrip().startswith("{") and '"ignition"' in text:
        return ConfigFormat.IGNITION
    if text.startswith(_CLOUD_INIT_MARKS):
        return ConfigFormat.OTHER
    return ConfigFormat.NATIVE


def check_form(text: str, file: str) -> tuple[Finding, ...]:
    """What any reader of the format would stumble over; what it means is for the system that reads it."""
    flaw = _flaw(text)
    if flaw is None:
        return ()
    # Without the line itself: nobody here knows which fields of another system's config are secret.
    return (
        Finding(
            severity=Severity.ERROR,
            code=flaw.code,
            path="",
            file=file,
            line=flaw.line,
            column=flaw.column,
            message=flaw.message,
        ),
    )


def _flaw(text: str) -> Flaw | None:
    kind = format_of(text)
    if kind is ConfigFormat.IGNITION:
        return _json_flaw(text)
    if kind in (ConfigFormat.CLOUD_CONFIG, ConfigFormat.NATIVE):
        return _yaml_flaw(text)
    return None


def _json_flaw(text: str) -> Flaw | None:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as problem:
        return Flaw("json", problem.lineno, problem.colno, problem.msg)
    ignition = data.get("ignition") if isinstance(data, dict) else None
    if not isinstance(ignition, dict) or not isinstance(ignition.get("version"), str):
        return Flaw("json", 1, 1, "an Ignition config has a text at ignition.version")
    return None


def _yaml_flaw(text: str) -> Flaw | None:
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Flaw("yaml", line, column, problem.problem or "cannot be read")
    except yaml.YAMLError as problem:
        return Flaw("yaml", 1, 1, f"no YAML: {problem}")
    if node is not None and not isinstance(node, yaml.MappingNode):
        return Flaw("wrong-type", node.start_mark.line + 1, 1, "a mapping is needed here")
    return None
