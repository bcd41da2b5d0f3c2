"""Strict templates: what is not defined is an error with a line, and only the variables can be reached."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from provision.findings import Finding, Severity, did_you_mean
from pxeserver.inventory.model import ConfigTemplate
from pxeserver.render.secret_names import without_secrets_by_name

TOO_LARGE = (MemoryError, OverflowError, RecursionError)
# A template is the operator's program: it may divide by zero or add a number to text as any program may.
FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, jinja2.TemplateError)
KEPT_TEMPLATES = 256  # compiled; a data directory has some ten, and each machine's config is made from one


class _Scope(dict[str, object]):
    """The variables of one kind, such as `vars`, that know what they are called."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        super().__init__(values)
        self.name = name


class _Undefined(jinja2.StrictUndefined):
    @property
    def _undefined_message(self) -> str:
        scope, name = self._undefined_obj, self._undefined_name
        if not isinstance(scope, _Scope):
            return super()._undefined_message
        close = did_you_mean(str(name), scope)
        return f"{scope.name}.{name} is not defined" + (f"; {close}" if close else "")


class _Environment(SandboxedEnvironment):
    """`vars.items` is the operator's variable of that name, if there is one, not the method of a mapping."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


ENVIRONMENT = _Environment(
    autoescape=False,  # the result is YAML, where HTML escapes would be wrong
    undefined=_Undefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_template(template: ConfigTemplate, variables: Mapping[str, object]) -> str | Finding:
    """The rendered text, or what is wrong and in which line of the template."""
    try:
        return _compiled(template).render(scoped(variables))
    except jinja2.TemplateSyntaxError as problem:
        return _finding(template, "template-syntax", problem.lineno, problem.message or "not a template")
    except jinja2.UndefinedError as problem:
        return _finding(template, "undefined-variable", _line_of(problem, template), str(problem.message))
    except SecurityError as problem:
        return _finding(template, "template-unsafe", _line_of(problem, template), str(problem.message))
    except TOO_LARGE as problem:
        return _finding(template, "template-failed", 1, f"too large: {type(problem).__name__}")
    except FAILURES as problem:
        message = f"{type(problem).__name__}: {problem}"
        return _finding(template, "template-failed", _line_of(problem, template), message)


def scoped(variables: Mapping[str, object]) -> dict[str, object]:
    """The same variables, for messages that call them as the template does."""
    return {
        name: _Scope(name, value) if isinstance(value, Mapping) else value
        for name, value in variables.items()
    }


def excerpt(template: ConfigTemplate, line: int) -> str | None:
    """A line of the template as it may be shown."""
    lines = without_secrets_by_name(template.text)
    return lines[line - 1] if line <= len(lines) else None


@lru_cache(maxsize=KEPT_TEMPLATES)
def _compiled(template: ConfigTemplate) -> jinja2.Template:
    code = ENVIRONMENT.compile(template.text, filename=template.file)
    return jinja2.Template.from_code(ENVIRONMENT, code, dict(ENVIRONMENT.globals))


def _line_of(problem: BaseException, template: ConfigTemplate) -> int:
    """Jinja rewrites the traceback so that its own frames carry the template's name and line."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == template.file and frame.lineno]
    return lines[-1] if lines else 1


def _finding(template: ConfigTemplate, code: str, line: int, message: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code=code,
        path="",
        file=template.file,
        line=line,
        column=1,
        message=message,
        excerpt=excerpt(template, line),
    )
