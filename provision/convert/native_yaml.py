"""A document as a native config that people read: only what is said, texts as blocks, in the language's order."""

from __future__ import annotations

from typing import Any

import yaml
from msgspec import NODEFAULT, Struct, structs
from yaml.nodes import ScalarNode

from provision.document import Document, whole_document
from provision.findings import Finding
from provision.sections.hidden import HiddenText

FOLDED = "\x85\u2028\u2029"  # line breaks to YAML 1.1, which reads them as others outside of double quotes
WIDTH = 100_000  # a key or a command is one line


def render(document: Document, lost: tuple[Finding, ...], source: str) -> str:
    """Holds every secret of the config: it is a config."""
    header = "".join(f"# {line}\n" for line in _header(lost, source))
    whole_document()  # msgspec asks for the types of all sections
    data = plain(document)
    body = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=False
    )
    return header + (body if data else "{}\n")


def _header(lost: tuple[Finding, ...], source: str) -> list[str]:
    if not lost:
        return [f"Converted from {source}."]
    lines = [f"Converted from {source}, without:"]
    lines += [f"  {finding.path} (line {finding.line}): {finding.message}" for finding in lost]
    return ["".join(char if char.isprintable() else " " for char in line) for line in lines]


def plain(value: Any) -> Any:
    """As YAML has it. What says no more than its default is left out; secrets are written out."""
    if isinstance(value, Struct):
        return {
            field.encode_name: plain(getattr(value, field.name))
            for field in structs.fields(value)
            if not _is_default(field, getattr(value, field.name))
        }
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, HiddenText):
        return value.reveal()
    # Variables have been filled in: what reads like one is meant as it stands.
    return value.replace("${vars.", "$${vars.") if isinstance(value, str) else value


def _is_default(field: structs.FieldInfo, value: object) -> bool:
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    return type(value) is type(default) and value == default


class _Dumper(yaml.SafeDumper):
    """Items stand below their key, indented; texts of several lines are blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - of the base
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of the base
        return True


def _text(dumper: _Dumper, text: str) -> ScalarNode:
    style = None
    if any(char in text for char in FOLDED):
        style = '"'
    elif "\n" in text.rstrip("\n") or (text.endswith("\n") and len(text) > 1):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
