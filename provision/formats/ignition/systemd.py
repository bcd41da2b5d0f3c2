"""`systemd`: units and their drop-ins."""

from __future__ import annotations

from msgspec import Struct

from provision.findings import Place, warning
from provision.formats.draft import Draft


class DropIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    contents: str | None = None


class Unit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    enabled: bool | None = None
    mask: bool | None = None
    contents: str | None = None
    dropins: tuple[DropIn, ...] = ()


class Systemd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    units: tuple[Unit, ...] = ()


def translate_systemd(systemd: Systemd, draft: Draft) -> None:
    for index, unit in enumerate(systemd.units):
        _translate_unit(unit, ("systemd", "units", index), draft)


def _translate_unit(unit: Unit, place: Place, draft: Draft) -> None:
    made = draft.root.item("units", place)
    made.put("name", unit.name, (*place, "name"))
    made.put("enable", unit.enabled, (*place, "enabled"))
    made.put("mask", unit.mask, (*place, "mask"))
    if unit.contents:  # an empty text writes no unit
        made.put("content", unit.contents, (*place, "contents"))
    for index, dropin in enumerate(unit.dropins):
        here = (*place, "dropins", index)
        if not dropin.contents:
            draft.report(warning("unit-nothing", here, f"drop-in {dropin.name!r} is empty, and not written"))
            continue
        piece = made.item("dropins", here)
        piece.put("name", dropin.name, (*here, "name"))
        piece.put("content", dropin.contents, (*here, "contents"))
