"""Section `units`: systemd units and their drop-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import EnableUnit, MaskUnit, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.unit_text import check_unit_text, section_names
from provision.variables import has_variable

UNIT_DIRECTORY = "/etc/systemd/system"

SUFFIXES = (
    "automount",
    "device",
    "mount",
    "path",
    "scope",
    "service",
    "slice",
    "socket",
    "swap",
    "target",
    "timer",
)
# systemd.unit(5): ASCII letters, digits, ":", "-", "_", "." and "\", one "@" in templates; 255 in all.
UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.([a-z]+)")


class DropIn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A piece that adds to a unit."""

    name: Annotated[str, Meta(description="File name, ends in .conf.", examples=["10-memory.conf"])]
    content: Annotated[str, Meta(description="Text in unit syntax.")]


class Unit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One unit: its text, its drop-ins, whether it starts at boot."""

    name: Annotated[str, Meta(description="Unit name with suffix.", examples=["hello.service"])]
    content: Annotated[str | None, Meta(description="Text of the unit; absent: the system's own unit.")] = (
        None
    )
    enable: Annotated[
        bool | None, Meta(description="Start at boot, or not; absent: as the system has it.")
    ] = None
    mask: Annotated[
        bool | None, Meta(description="Never start, by whatever way; absent: as the system has it.")
    ] = None
    dropins: Annotated[tuple[DropIn, ...], Meta(description="Pieces that add to the unit.")] = ()


def check(units: tuple[Unit, ...], place: Place) -> Iterator[Problem]:
    for index, unit in enumerate(units):
        yield from _check_unit(unit, (*place, index))


def _check_unit(unit: Unit, place: Place) -> Iterator[Problem]:
    yield from check_unit_name(unit.name, (*place, "name"))
    if unit.content is not None:
        yield from check_unit_text(unit.content, (*place, "content"), unit.name.rpartition(".")[2])
    yield from _check_wishes(unit, place)
    seen: set[str] = set()
    for index, dropin in enumerate(unit.dropins):
        yield from _check_dropin(dropin, (*place, "dropins", index), unit)
        if dropin.name in seen:
            yield error(
                "duplicate-name",
                (*place, "dropins", index, "name"),
                f"drop-in {dropin.name!r} is there twice",
            )
        seen.add(dropin.name)


def check_unit_name(name: str, place: Place) -> Iterator[Problem]:
    if has_variable(name):
        return
    match = UNIT_NAME.fullmatch(name)
    if match is None or len(name) > 255:
        hint = f"did you mean '{name}.service'?" if re.fullmatch(r"[A-Za-z0-9_@-]+", name) else None
        yield error("unit-name", place, f"{name!r} is no unit name", hint)
    elif match[1] not in SUFFIXES:
        hint = did_you_mean(match[1], SUFFIXES) or f"suffixes are {', '.join(SUFFIXES)}"
        yield error("unit-suffix", place, f"systemd has no units of type {match[1]!r}", hint)


def _check_wishes(unit: Unit, place: Place) -> Iterator[Problem]:
    if unit.mask and unit.content is not None:
        message = "a masked unit cannot have content: masking puts a link to /dev/null in its place"
        yield replace(error("unit-mask-content", (*place, "mask"), message), at_key=True)
    if unit.mask and unit.enable:
        message = "masked and enabled exclude each other"
        yield replace(error("unit-mask-enable", (*place, "mask"), message), at_key=True)
    if unit.enable and unit.content and "Install" not in _all_sections(unit):
        hint = "add [Install] with WantedBy=multi-user.target"
        message = "enabling does nothing: the unit has no [Install] section"
        yield replace(warning("unit-no-install", (*place, "enable"), message, hint), at_key=True)
    if unit.content is None and unit.enable is None and unit.mask is None and not unit.dropins:
        yield warning("unit-nothing", place, f"nothing is asked of {unit.name!r}")


def _all_sections(unit: Unit) -> set[str]:
    names = section_names(unit.content or "")
    for dropin in unit.dropins:
        names |= section_names(dropin.content)
    return names


def _check_dropin(dropin: DropIn, place: Place, unit: Unit) -> Iterator[Problem]:
    if not re.fullmatch(r"[^/\s.][^/\s]*\.conf", dropin.name) and not has_variable(dropin.name):
        hint = "systemd reads only drop-ins whose name ends in .conf"
        yield error("dropin-name", (*place, "name"), f"{dropin.name!r} is no drop-in name", hint)
    yield from check_unit_text(dropin.content, (*place, "content"), unit.name.rpartition(".")[2])


def plan(units: tuple[Unit, ...], _facts: Facts) -> Iterator[Step]:
    """All texts first: enabling one unit may need another (Also=, templates) to be there."""
    for index, unit in enumerate(units):
        yield from _plan_texts(unit, ("units", index))
    for index, unit in enumerate(units):
        if unit.mask is not None:
            yield Step(MaskUnit(unit.name, unit.mask), path_text(("units", index, "mask")))
        if unit.enable is not None:
            yield Step(EnableUnit(unit.name, unit.enable), path_text(("units", index, "enable")))


def _plan_texts(unit: Unit, place: Place) -> Iterator[Step]:
    if unit.content is not None:
        path = f"{UNIT_DIRECTORY}/{unit.name}"
        yield Step(WriteFile(path, unit.content.encode()), path_text((*place, "content")))
    for index, dropin in enumerate(unit.dropins):
        path = f"{UNIT_DIRECTORY}/{unit.name}.d/{dropin.name}"
        yield Step(WriteFile(path, dropin.content.encode()), path_text((*place, "dropins", index)))
