"""`## template: jinja`: a config of any format, filled in from what the platform tells about the machine.

cloud-init fills in `CI_MISSING_JINJA_VAR/...` for what it does not know; here that is an error. Jinja2 is not needed
for anything else, and is imported only for a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import structs

from provision.findings import note
from provision.formats.parts import Instance, Part, Surroundings, Unpacked, at, inside
from provision.formats.source import LINE_BREAK, MAX_CONFIG_BYTES, Mark, Rendered, TextError, decode

if TYPE_CHECKING:
    from jinja2 import Environment, Template

HEADER = re.compile(r"\s*##\s*template:\s*jinja[^\n]*\n?", re.IGNORECASE)
# Before each line of the template its number, in characters that are blanks to Jinja, so that `{%-` takes them away
# with all others, and that no config may have.
ZERO, ONE, STOP = "\x1c", "\x1d", "\x1e"
MARKER = re.compile(f"([{ZERO}{ONE}]+){STOP}")


def unpack(part: Part, surroundings: Surroundings) -> Unpacked:
    text = decode(part.data)
    header = HEADER.match(text)
    body = text[header.end() :] if header else text
    first = text.count("\n", 0, header.end()) if header else 0
    environment = _environment()
    template = _compiled(environment, body, first)
    if surroundings.instance is None:
        problem = note("template-not-filled", (), "not filled in: what it says is not checked")
        return Unpacked((), (at(problem, Mark(0, 0)),))
    variables = _variables(surroundings.instance())
    rendered = _rendered(template, variables, first)
    lines = _lines(environment, body, variables, rendered)
    made = inside(part, rendered.encode(), "filled in", Mark(first, 0))
    written = tuple(LINE_BREAK.split(text))
    whole = Rendered(tuple(first + line for line in lines), written)
    return Unpacked((structs.replace(made, offset=part.offset, rendered=whole),))


def _environment() -> Environment:
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError as missing:
        hint = "install python3-jinja2, or provision[jinja]"
        raise TextError("template", "a template needs Jinja2, which is not installed", hint=hint) from missing
    return ImmutableSandboxedEnvironment(  # what it makes is a config, no page
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )


def _compiled(environment: Environment, body: str, first: int) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        return environment.from_string(body)
    except TemplateSyntaxError as problem:
        message = (problem.message or "cannot be read").rstrip(".")
        raise TextError(
            "template", message[:1].lower() + message[1:], Mark(first + problem.lineno - 1, 0)
        ) from problem


def _rendered(template: Template, variables: Mapping[str, Any], first: int) -> str:
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(variables):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_CONFIG_BYTES:
                raise TextError("too-large", f"more than the {MAX_CONFIG_BYTES} bytes a config may have")
    except TextError:
        raise
    except Exception as problem:
        from jinja2 import UndefinedError

        mark = Mark(first + _line_of(problem) - 1, 0)
        if isinstance(problem, UndefinedError):
            hint = "a default helps: {{ v1.region | default('none') }}"
            raise TextError("template-undefined", str(problem), mark, hint) from problem
        # Its text may hold what was filled in.
        raise TextError("template", f"cannot be filled in: {type(problem).__name__}", mark) from problem
    return "".join(pieces)


def _line_of(problem: Exception) -> int:
    """Jinja writes the lines of the template into the traceback."""
    found, trace = 1, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _variables(instance: Instance) -> dict[str, Any]:
    """As cloud-init: what stands in `v1` without its name too, and `-` as `_`, which Jinja can read."""
    aliased = _aliased(instance)
    standard = aliased.get("v1")
    return {**(standard if isinstance(standard, dict) else {}), **aliased}


def _aliased(value: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: _aliased(inner) if isinstance(inner, Mapping) else inner for key, inner in value.items()}
    return {**{key.replace("-", "_"): inner for key, inner in made.items()}, **made}


def _lines(environment: Environment, body: str, variables: Mapping[str, Any], rendered: str) -> list[int]:
    """For each line of what was made the line of the template: it is made again, with a marker in each line."""
    marked = "".join(
        _marked(value, line) if kind == "data" else value for line, kind, value in environment.lex(body)
    )
    again = environment.from_string(f"{_marker(0)}{marked}").render(variables)
    if MARKER.sub("", again) != rendered:  # a template that looks at its own text, or at the time
        return [0] * (rendered.count("\n") + 1)
    lines: list[int] = []
    for line in LINE_BREAK.split(again):
        found = MARKER.search(line)
        known = lines[-1] if lines else 0
        lines.append(int(found[1].replace(ZERO, "0").replace(ONE, "1"), 2) if found else known)
    return lines


def _marked(text: str, line: int) -> str:
    """`line` is where the text begins, from 1."""
    first, *others = text.split("\n")
    return "\n".join([first, *(f"{_marker(line + number)}{rest}" for number, rest in enumerate(others))])


def _marker(line: int) -> str:
    return f"{line:b}".replace("0", ZERO).replace("1", ONE) + STOP
