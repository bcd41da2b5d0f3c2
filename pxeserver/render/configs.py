"""The config of one machine: rendered, validated, and its findings led back to the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from msgspec import structs

from provision.findings import Finding, has_errors
from provision.load import load_bytes
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.templates import render_template


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is None when the template itself failed. Only without errors is `text` fit for a machine."""

    text: str | None
    findings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        return self.text is not None and not has_errors(self.findings)


def render_config(template: ConfigTemplate, variables: Mapping[str, object]) -> Rendered:
    text = render_template(template, variables)
    if isinstance(text, Finding):
        return Rendered(None, (text,))
    findings = load_bytes(text.encode(), file=template.file, instance=None).findings
    return Rendered(text, tuple(_in_template(finding, text, template.text) for finding in findings))


def _in_template(finding: Finding, rendered: str, template: str) -> Finding:
    """The finding at the template's line that became its line; an unchanged line is the same line."""
    matcher = SequenceMatcher(None, rendered.splitlines(), template.splitlines(), autojunk=False)
    row = finding.line - 1
    for tag, first, end, template_first, template_end in matcher.get_opcodes():
        if first <= row < end:
            same_length = tag == "equal" or end - first == template_end - template_first
            line = template_first + (row - first if same_length else 0)
            return structs.replace(finding, line=line + 1)
    return finding
