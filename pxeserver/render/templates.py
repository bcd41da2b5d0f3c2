"""Strict templates: what is not defined is an error with a line, and only the variables can be reached."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from provision.findings import Finding, Severity
from pxeserver.inventory.model import ConfigTemplate


class _Environment(SandboxedEnvironment):
    """`vars.items` is the operator's variable of that name, if there is one, not the method of a mapping."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def render_template(template: ConfigTemplate, variables: Mapping[str, object]) -> str | Finding:
    """The rendered text, or what is wrong and in which line of the template."""
    environment = _Environment(
        autoescape=False,  # the result is YAML, where HTML escapes would be wrong
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        code = environment.compile(template.text, filename=template.file)
        compiled = jinja2.Template.from_code(environment, code, dict(environment.globals))
        return compiled.render(variables)
    except jinja2.TemplateSyntaxError as problem:
        return _finding(template, "template-syntax", problem.lineno, problem.message or "not a template")
    except jinja2.UndefinedError as problem:
        return _finding(template, "undefined-variable", _line_of(problem, template), str(problem.message))
    except SecurityError as problem:
        return _finding(template, "template-unsafe", _line_of(problem, template), str(problem.message))
    except (MemoryError, OverflowError, RecursionError) as problem:
        return _finding(template, "template-failed", 1, f"too large: {type(problem).__name__}")
    # A template is the operator's program: it may divide by zero or add a number to text as any program may.
    except (ArithmeticError, LookupError, TypeError, ValueError, jinja2.TemplateError) as problem:
        message = f"{type(problem).__name__}: {problem}"
        return _finding(template, "template-failed", _line_of(problem, template), message)


def _line_of(problem: BaseException, template: ConfigTemplate) -> int:
    """Jinja rewrites the traceback so that its own frames carry the template's name and line."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == template.file and frame.lineno]
    return lines[-1] if lines else 1


def _finding(template: ConfigTemplate, code: str, line: int, message: str) -> Finding:
    lines = template.text.splitlines()
    return Finding(
        severity=Severity.ERROR,
        code=code,
        path="",
        file=template.file,
        line=line,
        column=1,
        message=message,
        excerpt=lines[line - 1] if line <= len(lines) else None,
    )
