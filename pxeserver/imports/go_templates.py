"""Templates of Go's text/template as boot configs use them, in the words of ours.

https://pkg.go.dev/text/template: actions, pipelines, variables. What has no counterpart stays as it is and is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_ACTION = re.compile(
    r"\{\{(?P<left>-\s)?\s*(?P<text>(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|/\*.*?\*/|[^}\"`])*?)\s*(?P<right>\s-)?\}\}",
    re.S,
)
_FIELD = re.compile(r"\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_INDEX = re.compile(r'index \. "(?P<name>[A-Za-z_]\w*)"')
_NAME = re.compile(r"\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_RANGE = re.compile(r"(?:(?P<first>\$\w+)(?:\s*,\s*(?P<second>\$\w+))?\s*:=\s*)?(?P<list>\S.*)")
_COMPARE = re.compile(r'(?P<what>eq|ne)\s+(?P<left>\S+)\s+(?P<right>"[^"]*"|\S+)')
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?|true|false')

Field = Callable[[str], str | None]
"""The name that a field such as `request.query.mac` has here, or None."""


@dataclass(slots=True)
class Converted:
    """`problems`: line and action, for each that has no counterpart."""

    text: str = ""
    problems: list[tuple[int, str]] = field(default_factory=list)


def convert(text: str, field_name: Field) -> Converted:
    return _Converter(field_name).convert(text)


class _Unknown(Exception):
    """An action that has no counterpart."""


class _Converter:
    """`_open` is the blocks we are in: our word for it, empty if there is none, and the name that `.` has in it."""

    def __init__(self, field_name: Field) -> None:
        self._field_name = field_name
        self._open: list[tuple[str, str | None]] = []

    def convert(self, text: str) -> Converted:
        result = Converted()
        position = 0
        for action in _ACTION.finditer(text):
            result.text += text[position : action.start()]
            position = action.end()
            try:
                result.text += self._action(
                    action["text"], "-" if action["left"] else "", "-" if action["right"] else ""
                )
            except _Unknown:
                line = text.count("\n", 0, action.start()) + 1
                result.problems.append((line, action[0]))
                result.text += action[0]
        result.text += text[position:]
        return result

    def _action(self, text: str, left: str, right: str) -> str:
        def statement(words: str) -> str:
            return f"{{%{left} {words} {right}%}}"

        word, _, rest = text.partition(" ")
        rest = rest.strip()
        if text.startswith("/*"):
            return f"{{#{left} {text[2:-2].strip()} {right}#}}"
        if word in ("block", "define", "with"):
            self._open.append(("", None))  # so that its end is not taken for another's
            raise _Unknown
        if word == "end" and not rest and self._open:
            kind, _ = self._open.pop()
            if not kind:
                raise _Unknown
            return statement(f"end{kind}")
        if word == "else" and self._open:
            return statement(self._else(rest))
        if word == "if":
            condition = self._condition(rest)
            self._open.append(("if", None))
            return statement(f"if {condition}")
        if word == "range":
            return statement(self._range(rest))
        return f"{{{{{left} {self._value(text)} {right}}}}}"

    def _else(self, rest: str) -> str:
        if not rest:
            return "else"
        word, _, condition = rest.partition(" ")
        if word != "if":
            raise _Unknown
        return f"elif {self._condition(condition.strip())}"

    def _range(self, text: str) -> str:
        found = _RANGE.fullmatch(text)
        if found is None:
            raise _Unknown
        values = self._value(found["list"])
        if found["second"]:
            item, index = found["second"][1:], found["first"][1:]
            self._open.append(("for", item))
            return f"for {item} in {values} %}}{{% set {index} = loop.index0"
        item = found["first"][1:] if found["first"] else f"item{len(self._open)}"
        self._open.append(("for", item))
        return f"for {item} in {values}"

    def _condition(self, text: str) -> str:
        if text.startswith("not "):
            return f"not ({self._condition(text[4:].strip())})"
        compared = _COMPARE.fullmatch(text)
        if compared is not None:
            operator = "==" if compared["what"] == "eq" else "!="
            return f"{self._value(compared['left'])} {operator} {self._value(compared['right'])}"
        value = self._value(text)
        return f"{value} is defined and {value}"

    def _value(self, text: str) -> str:
        text = text.strip().removeprefix("(").removesuffix(")").strip()
        if _LITERAL.fullmatch(text):
            return text
        index = _INDEX.fullmatch(text)
        if index is not None:
            return self._field(index["name"])
        if text == ".":
            item = next((name for _, name in reversed(self._open) if name), None)
            if item is None:
                raise _Unknown
            return item
        if _FIELD.fullmatch(text):
            item = next((name for _, name in reversed(self._open) if name), None)
            return self._field(text[1:]) if item is None else f"{item}{text}"
        if _NAME.fullmatch(text):
            return text[1:]
        raise _Unknown

    def _field(self, name: str) -> str:
        found = self._field_name(name)
        if found is None:
            raise _Unknown
        return found
