"""Secret text in a config."""

from __future__ import annotations


class HiddenText:
    """Text that no repr or log line shows. Not a Struct: msgspec would read one as a mapping."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HiddenText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def custom_type(kind: type, value: object) -> HiddenText:
    """The dec_hook with which msgspec reads it (msgspec.convert)."""
    if kind is HiddenText and isinstance(value, str):
        return HiddenText(value)
    raise TypeError("expected text")
