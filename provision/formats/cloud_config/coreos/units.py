"""`coreos.units`: units, their drop-ins, and what CoreOS did with them at each boot."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from provision.findings import Place, error, warning
from provision.formats.draft import Draft, Entry
from provision.sections.unit_text import section_names
from provision.sections.unit_words import quoted
from provision.sections.units import is_network_file

Verb = Literal[
    "start", "stop", "restart", "reload", "try-restart", "reload-or-restart", "reload-or-try-restart"
]
STARTS = ("start", "restart", "reload-or-restart")
MEMBER_UNITS = ("etcd.service", "etcd2.service")
DROPIN_NAME = "20-cloudinit.conf"  # CoreOS's own
START_DROPIN = "30-provision-start.conf"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


class DropIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str | None = None
    content: str | None = None


class Unit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`runtime` units were written to /run anew at each boot: they are there at each boot now, too."""

    name: str
    content: str | None = None
    mask: bool = False
    enable: bool = False
    runtime: bool = False
    command: Verb | None = None
    drop_ins: tuple[DropIn, ...] = ()


class Units:
    """Entries of units by name: what `coreos.fleet` and the like say of a unit goes to where it is listed.

    `has_member`: etcd is configured by our own section, and started by it.
    """

    def __init__(self, draft: Draft, listed: tuple[Unit, ...], *, has_member: bool) -> None:
        self.draft = draft
        self.listed = listed
        self.has_member = has_member
        self.masked: set[str] = set()
        self._texts = {unit.name for unit in listed if unit.content}
        self._made: dict[str, Entry] = {}

    def is_own(self, name: str) -> bool:
        """Whether the config brings the unit along."""
        return name in self._texts

    def entry(self, name: str, place: Place) -> Entry:
        if name not in self._made:
            self._made[name] = self.new(name, place)
        return self._made[name]

    def new(self, name: str, place: Place) -> Entry:
        made = self.draft.root.item("units", place)
        made.put("name", name, place)
        return made

    def take(self, name: str) -> Entry | None:
        """What others have begun to say of it, for the one who lists it: listed twice, it is twice there."""
        return self._made.pop(name, None)

    def environment(self, name: str, variables: dict[str, str], place: Place) -> None:
        """A drop-in, as CoreOS made it."""
        if not variables:
            return
        piece = self.entry(name, place).item("dropins", place)
        piece.put("name", DROPIN_NAME, place)
        lines = [f"Environment={quoted(f'{key}={value}')}\n" for key, value in variables.items()]
        piece.put("content", "".join(["[Service]\n", *lines]), place)


def translate_units(units: Units) -> None:
    for index, unit in enumerate(units.listed):
        place: Place = ("coreos", "units", index)
        if units.has_member and unit.name in MEMBER_UNITS and not units.is_own(unit.name):
            _translate_member(unit, place, units)
        else:
            _translate_unit(unit, unit.name, place, units)


def _translate_member(unit: Unit, place: Place, units: Units) -> None:
    """Our section starts etcd.service; drop-ins for the unit of either generation are drop-ins for that one."""
    if unit.mask or unit.command == "stop":
        field = "mask" if unit.mask else "command"
        message = f"{unit.name!r} is configured in this file, and not to run"
        units.draft.report(error("unit-needed", (*place, field), message, "remove one of the two"))
    if unit.drop_ins:
        made = units.entry("etcd.service", (*place, "name"))
        _translate_dropins(unit, made, place, units.draft)


def _translate_unit(unit: Unit, name: str, place: Place, units: Units) -> None:
    made = units.take(name) or units.new(name, (*place, "name"))
    made.put("content", unit.content or None, (*place, "content"))
    _translate_dropins(unit, made, place, units.draft)
    if unit.mask or name in units.masked:
        made.put("mask", True, (*place, "mask"))
        return
    if is_network_file(name):  # read as soon as it is there, whatever is asked
        return
    starts = unit.command in STARTS
    if starts and unit.content and "Install" not in _sections(unit):
        # CoreOS started it by itself at each boot; systemd does so when something wants the unit.
        piece = made.item("dropins", (*place, "command"))
        piece.put("name", START_DROPIN, (*place, "command"))
        piece.put("content", INSTALL, (*place, "command"))
    if unit.enable or starts:
        made.put("enable", True, (*place, "enable" if unit.enable else "command"))
    elif unit.command == "stop":
        made.put("enable", False, (*place, "command"))


def _translate_dropins(unit: Unit, made: Entry, place: Place, draft: Draft) -> None:
    for index, dropin in enumerate(unit.drop_ins):
        here = (*place, "drop_ins", index)
        if not dropin.name or not dropin.content:
            what = "without a name" if not dropin.name else "without content"
            draft.report(warning("unit-nothing", here, f"a drop-in {what} is not written"))
            continue
        piece = made.item("dropins", here)
        piece.put("name", dropin.name, (*here, "name"))
        piece.put("content", dropin.content, (*here, "content"))


def _sections(unit: Unit) -> set[str]:
    return section_names(unit.content or "").union(
        *(section_names(dropin.content or "") for dropin in unit.drop_ins)
    )
