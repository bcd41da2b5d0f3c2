"""One vocabulary for formats that say the same things with keys spelled otherwise.

The types of a vocabulary have their fields in snake_case. From them come those of each format that is written with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import (  # Any: descriptions of types are types
    Annotated,
    Any,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import msgspec
from msgspec import Meta, Struct, structs

Spell = Callable[[str], str]
V = TypeVar("V", bound=Struct)
SUGAR = "sugar"  # of Meta.extra: only a format that is made for people has the field


def camel_case(name: str) -> str:
    return re.sub("_([a-z0-9])", lambda found: found[1].upper(), name)


def since(version: str, *, sugar: bool = False) -> Meta:
    """For a field that came with this version of the format."""
    return Meta(extra={"since": version, SUGAR: sugar})


def spelled(types: type[Struct], spell: Spell, *, with_sugar: bool) -> type[Struct]:
    """The same types, with the keys of a format. Their values have the fields of the vocabulary, less the sugar."""
    return _Spelling(spell, with_sugar).struct(types)


class _Spelling:
    def __init__(self, spell: Spell, with_sugar: bool) -> None:
        self._spell = spell
        self._with_sugar = with_sugar
        self._made: dict[type[Struct], type[Struct]] = {}

    def struct(self, types: type[Struct]) -> type[Struct]:
        if types not in self._made:
            fields = [
                field for field in structs.fields(types) if self._with_sugar or not _is_sugar(field.type)
            ]
            self._made[types] = msgspec.defstruct(
                types.__name__,
                [
                    (field.name, self._type(field.type))
                    if field.required
                    else (field.name, self._type(field.type), field.default)
                    for field in fields
                ],
                module=types.__module__,
                rename=self._spell,
                forbid_unknown_fields=True,
                frozen=True,
                kw_only=True,
            )
        return self._made[types]

    def _type(self, found: Any) -> Any:
        if isinstance(found, type) and issubclass(found, Struct):
            return self.struct(found)
        origin, inner = get_origin(found), get_args(found)
        if origin is Annotated:
            return Annotated[(self._type(inner[0]), *inner[1:])]
        if origin in (UnionType, Union):
            return reduce(or_, map(self._type, inner))
        return GenericAlias(tuple, (self._type(inner[0]), ...)) if origin is tuple else found


def _is_sugar(found: Any) -> bool:
    metas = get_args(found)[1:] if get_origin(found) is Annotated else ()
    return any((meta.extra or {}).get(SUGAR) for meta in metas)


def in_vocabulary(value: object, types: type[V]) -> V:
    """A value of types that were made of these, as one of these."""
    return msgspec.convert(value, types, from_attributes=True)
