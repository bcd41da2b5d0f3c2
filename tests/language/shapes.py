"""Plain data of the shape that the language's types allow, and data that is spoiled in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any  # plain data, and types as msgspec describes them

from hypothesis import strategies as st
from msgspec import inspect

from provision.document import whole_document
from provision.findings import Place
from provision.formats.nodes import Plain

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6)
NUMBERS = st.integers(-(2**63), 2**64 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)
ANYTHING: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | NUMBERS | FLOATS | TEXTS | st.sampled_from(["", "0644", "true", "1", "gzip"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def documents() -> st.SearchStrategy[Any]:
    """Every one of these has the shape of a document; hardly any of them means something."""
    return _of(inspect.type_info(whole_document()))


def spoiled(draw: st.DrawFn) -> Plain:
    """A document with one value replaced, one key removed, misspelt or added."""
    document = draw(documents())
    place = draw(st.sampled_from(list(_places(document))))
    if not place:
        return draw(ANYTHING)
    holder = document
    for part in place[:-1]:
        holder = holder[part]
    last = place[-1]
    how = draw(st.sampled_from(("replace", "remove", "rename", "add")))
    value = draw(ANYTHING)
    if how == "replace" or not isinstance(holder, dict):
        holder[last] = value
    elif how == "remove":
        del holder[last]
    elif how == "rename":
        holder[f"{last}s"] = holder.pop(last)
    else:
        holder[draw(TEXTS)] = value
    return document  # type: ignore[no-any-return]  # plain data all through


spoiled_documents: Callable[[], st.SearchStrategy[Plain]] = st.composite(spoiled)


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.Metadata(type=kind):
            return _of(kind)
        case inspect.UnionType(types=kinds):
            return st.one_of([_of(kind) for kind in kinds])
        case inspect.StructType():
            return st.deferred(lambda: _struct(info))
        case inspect.VarTupleType(item_type=kind) | inspect.ListType(item_type=kind):
            return st.lists(_of(kind), max_size=2)
        case inspect.DictType(value_type=kind):
            return st.dictionaries(TEXTS, _of(kind), max_size=2)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.IntType(ge=least, le=most):
            return st.integers(-(2**63) if least is None else least, 2**63 - 1 if most is None else most)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.FloatType():
            return FLOATS
        case inspect.StrType() | inspect.CustomType():
            return TEXTS
        case _:
            raise NotImplementedError(f"no strategy for {info}: add its case here")


def _struct(info: inspect.StructType) -> st.SearchStrategy[Any]:
    required = {field.encode_name: _of(field.type) for field in info.fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in info.fields if not field.required}
    # A handful of the optional keys at a time: all at once make documents too large to be tried often.
    chosen = st.lists(st.sampled_from(sorted(optional)), max_size=4, unique=True) if optional else st.just([])
    return chosen.flatmap(lambda names: st.fixed_dictionaries(required | {n: optional[n] for n in names}))


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    yield place
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from _places(child, (*place, key))
