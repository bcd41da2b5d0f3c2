"""The config of one machine: rendered, validated, and its findings led back to the template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import structs

from provision.findings import Finding, has_errors
from provision.load import load_bytes
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.foreign import ConfigFormat, check_form, format_of
from pxeserver.render.template_lines import LineMap, line_map, variables_in_line
from pxeserver.render.templates import excerpt, render_template

OriginOf = Callable[[str], str | None]
"""Where a variable such as `vars.gateway` got its value: a file and line."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is None when the template itself failed. Only without errors is `text` fit for a machine."""

    text: str | None
    findings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        return self.text is not None and not has_errors(self.findings)


def render_config(
    template: ConfigTemplate,
    variables: Mapping[str, object],
    origin_of: OriginOf = lambda _name: None,
    *,
    has_agent: bool | None = None,
) -> Rendered:
    """`has_agent`: whether our agent will read it. None when that is not known: then the text's beginning tells."""
    text = render_template(template, variables)
    if isinstance(text, Finding):
        return Rendered(None, (text,))
    is_ours = format_of(text) is ConfigFormat.NATIVE if has_agent is None else has_agent
    loaded = load_bytes(text.encode(), file=template.file, instance=None).findings if is_ours else None
    findings = check_form(text, template.file) if loaded is None else loaded
    if not findings or text == template.text:
        return Rendered(text, findings)
    lines = line_map(template, variables, text)
    return Rendered(text, tuple(_in_template(finding, template, lines, origin_of) for finding in findings))


def _in_template(
    finding: Finding, template: ConfigTemplate, lines: LineMap | None, origin_of: OriginOf
) -> Finding:
    """The finding at the template's line that it is about, with where that line's variables are from."""
    if lines is None:
        hint = f"line {finding.line} of the rendered config" + (f"; {finding.hint}" if finding.hint else "")
        return structs.replace(finding, line=1, column=1, width=1, hint=hint, excerpt=None)
    piece = lines.piece_at(finding.line, finding.column)
    line = piece.line
    rendered, written = _line(lines.text, finding.line), _line(template.text, line)
    if rendered == written or finding.excerpt is None:
        return structs.replace(finding, line=line)
    place = written.find("{{")
    is_before = not piece.is_value and rendered[: finding.column] == written[: finding.column]
    column = finding.column if is_before else max(0, place) + 1
    names = variables_in_line(template, line)
    origins = (f"{name} is from {origin}" for name in names if (origin := origin_of(name)))
    hint = "; ".join((*((finding.hint,) if finding.hint else ()), *origins))
    return structs.replace(
        finding, line=line, column=column, width=1, hint=hint or None, excerpt=excerpt(template, line)
    )


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if number <= len(lines) else ""
