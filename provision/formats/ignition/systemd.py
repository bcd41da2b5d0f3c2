"""`systemd`: units and their drop-ins."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from provision.findings import Place, error, warning
from provision.formats.draft import Draft, Entry
from provision.formats.spelling import since


class DropIn(Struct, frozen=True, kw_only=True):
    name: str
    contents: str | None = None
    contents_local: Annotated[str | None, since("3.4.0", sugar=True)] = None


class Unit(Struct, frozen=True, kw_only=True):
    name: str
    enabled: bool | None = None
    mask: bool | None = None
    contents: str | None = None
    contents_local: Annotated[str | None, since("3.4.0", sugar=True)] = None
    dropins: tuple[DropIn, ...] = ()


class Systemd(Struct, frozen=True, kw_only=True):
    units: tuple[Unit, ...] = ()


def translate_systemd(systemd: Systemd, draft: Draft) -> None:
    for index, unit in enumerate(systemd.units):
        _translate_unit(unit, ("systemd", "units", index), draft)


def _translate_unit(unit: Unit, place: Place, draft: Draft) -> None:
    made = draft.root.item("units", place)
    made.put("name", unit.name, (*place, "name"))
    # A masked unit is enabled once it is unmasked: its preset is written all the same.
    made.put("preset" if unit.mask and unit.enabled else "enable", unit.enabled, (*place, "enabled"))
    made.put("mask", unit.mask, (*place, "mask"))
    if unit.mask and unit.contents:
        message = "the contents are not written: a masked unit is a link to /dev/null"
        draft.report(warning("unit-mask-contents", (*place, "contents"), message))
    else:
        _put_text(unit, made, place, draft)
    for index, dropin in enumerate(unit.dropins):
        here = (*place, "dropins", index)
        if not dropin.contents and dropin.contents_local is None:
            draft.report(warning("unit-nothing", here, f"drop-in {dropin.name!r} is empty, and not written"))
            continue
        piece = made.item("dropins", here)
        piece.put("name", dropin.name, (*here, "name"))
        _put_text(dropin, piece, here, draft)


def _put_text(item: Unit | DropIn, made: Entry, place: Place, draft: Draft) -> None:
    """An empty text writes no unit."""
    if item.contents and item.contents_local is not None:
        message = "contents and contents_local exclude each other"
        draft.report(error("contents-twice", (*place, "contents_local"), message, "keep one of them"))
    if item.contents:
        made.put("content", item.contents, (*place, "contents"))
    elif item.contents_local is not None:
        here: Place = (*place, "contents_local")
        found = draft.local(item.contents_local, here)
        made.put("content", (found or b"").decode(errors="replace") or None, here)
