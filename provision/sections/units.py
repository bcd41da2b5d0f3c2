"""Section `units`: systemd units and their drop-ins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from provision.actions import EnableUnit, EnsureLink, MaskUnit, Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, did_you_mean, error, path_text, warning
from provision.sections.claims import Claim
from provision.sections.unit_text import check_unit_text, section_names
from provision.variables import has_variable

UNIT_DIRECTORY = "/etc/systemd/system"
USER_UNIT_DIRECTORY = "/etc/systemd/user"
NETWORK_DIRECTORY = "/etc/systemd/network"
PRESET_NAME = "20-provision.preset"  # before the system's own, of which 90-systemd.preset is one

# Files of networkd and udev: written as they are, and read without being enabled.
NETWORK_SUFFIXES = ("link", "netdev", "network")
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
    *NETWORK_SUFFIXES,
)
INSTANCE_NAME = re.compile(r"[A-Za-z0-9:_.@\\-]+")
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
    instances: Annotated[
        tuple[str, ...],
        Meta(
            description="Of a template NAME@.service: the instances that `enable` is about.", examples=[["a"]]
        ),
    ] = ()
    preset: Annotated[
        bool | None,
        Meta(
            description="Start at boot, or not, once it is installed; absent: as `enable`, if that is given."
        ),
    ] = None
    scope: Annotated[
        Literal["system", "user"],
        Meta(description="Run by the system, or for every user by the user's own systemd."),
    ] = "system"
    dropins: Annotated[tuple[DropIn, ...], Meta(description="Pieces that add to the unit.")] = ()


def check(units: tuple[Unit, ...], place: Place) -> Iterator[Problem]:
    for index, unit in enumerate(units):
        yield from _check_unit(unit, (*place, index))
    yield from _check_instances_alone(units, place)


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
        yield structs.replace(error("unit-mask-content", (*place, "mask"), message), at_key=True)
    if unit.mask and unit.enable:
        message = "masked and enabled exclude each other"
        yield structs.replace(error("unit-mask-enable", (*place, "mask"), message), at_key=True)
    if (
        unit.enable
        and unit.content
        and not is_network_file(unit.name)
        and "Install" not in _all_sections(unit)
    ):
        hint = "add [Install] with WantedBy=multi-user.target"
        message = "enabling does nothing: the unit has no [Install] section"
        yield structs.replace(warning("unit-no-install", (*place, "enable"), message, hint), at_key=True)
    yield from _check_template(unit, place)
    yield from _check_scope(unit, place)
    wishes = (unit.content, unit.enable, unit.mask, unit.preset)
    if all(wish is None for wish in wishes) and not unit.dropins:
        yield warning("unit-nothing", place, f"nothing is asked of {unit.name!r}")


def _check_template(unit: Unit, place: Place) -> Iterator[Problem]:
    if unit.instances and not is_template(unit.name):
        message = "only a template has instances"
        hint = "a template's name has @ before its suffix, for example echo@.service"
        yield structs.replace(error("unit-instances", (*place, "instances"), message, hint), at_key=True)
    if unit.instances and unit.enable is None and unit.preset is None:
        message = "nothing is asked of the instances"
        yield structs.replace(
            error("unit-instances", (*place, "instances"), message, "add enable: true"), at_key=True
        )
    seen: set[str] = set()
    for index, instance in enumerate(unit.instances):
        here = (*place, "instances", index)
        if not INSTANCE_NAME.fullmatch(instance) and not has_variable(instance):
            hint = "`systemd-escape` prints the name for any text"
            yield error("unit-instance-name", here, f"{instance!r} cannot be part of a unit name", hint)
        elif instance in seen:
            yield error("duplicate-name", here, f"instance {instance!r} is there twice")
        seen.add(instance)
    starts_nothing = is_template(unit.name) and unit.enable and not unit.instances
    if starts_nothing and unit.content is not None and not DEFAULT_INSTANCE.search(unit.content):
        message = "enabling a template without naming an instance starts nothing"
        yield structs.replace(
            warning("unit-no-instance", (*place, "enable"), message, "add instances"), at_key=True
        )


DEFAULT_INSTANCE = re.compile(r"^\s*DefaultInstance\s*=", re.MULTILINE)


def _check_scope(unit: Unit, place: Place) -> Iterator[Problem]:
    for key in ("enable", "preset", "instances"):
        if is_network_file(unit.name) and getattr(unit, key) not in (None, ()):
            message = f"a .{suffix_of(unit.name)} file is read as soon as it is there"
            problem = error("unit-network-file", (*place, key), message, f"remove {key}")
            yield structs.replace(problem, at_key=True)
    if is_network_file(unit.name) and unit.scope == "user":
        message = f"a .{suffix_of(unit.name)} file is for the system"
        yield error("unit-network-file", (*place, "scope"), message, "remove scope")
    if unit.preset is not None and unit.enable is not None and unit.preset != unit.enable:
        message = "enable and preset say different things"
        hint = "remove preset: it follows enable"
        yield structs.replace(error("unit-preset-enable", (*place, "preset"), message, hint), at_key=True)


def _check_instances_alone(units: tuple[Unit, ...], place: Place) -> Iterator[Problem]:
    """An instance that has an entry of its own is enabled by what its template says."""
    templates = {(unit.scope, unit.name): unit for unit in units if is_template(unit.name) and unit.content}
    for index, unit in enumerate(units):
        name, at, _ = unit.name.partition("@")
        template = templates.get((unit.scope, f"{name}@.{suffix_of(unit.name)}")) if at else None
        if template is None or not unit.enable or unit.content is not None or is_template(unit.name):
            continue
        if "Install" not in _all_sections(template) | _all_sections(unit):
            hint = f"add [Install] with WantedBy=multi-user.target to {template.name}"
            message = "enabling does nothing: the unit's template has no [Install] section"
            problem = warning("unit-no-install", (*place, index, "enable"), message, hint)
            yield structs.replace(problem, at_key=True)


def is_template(name: str) -> bool:
    return name.rpartition(".")[0].endswith("@")


def is_network_file(name: str) -> bool:
    return suffix_of(name) in NETWORK_SUFFIXES


def suffix_of(name: str) -> str:
    return name.rpartition(".")[2]


def unit_path(unit: Unit) -> str:
    """Where its text is; its drop-ins are in the directory of the same name and `.d`."""
    if is_network_file(unit.name):
        return f"{NETWORK_DIRECTORY}/{unit.name}"
    directory = UNIT_DIRECTORY if unit.scope == "system" else USER_UNIT_DIRECTORY
    return f"{directory}/{unit.name}"


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


def claims(units: tuple[Unit, ...], place: Place) -> Iterator[Claim]:
    for index, unit in enumerate(units):
        # A unit without content is the system's own: its path is claimed to find the same unit listed twice.
        yield Claim(unit_path(unit), (*place, index, "name"))
        names: set[str] = set()
        for number, dropin in enumerate(unit.dropins):
            if dropin.name not in names:  # twice in one unit is reported above
                path = f"{unit_path(unit)}.d/{dropin.name}"
                yield Claim(path, (*place, index, "dropins", number, "name"))
            names.add(dropin.name)
    for path in preset_paths(units):
        yield Claim(path, place)


def plan(units: tuple[Unit, ...], _facts: Facts) -> Iterator[Step]:
    """All texts first: enabling one unit may need another (Also=, templates) to be there."""
    for index, unit in enumerate(units):
        yield from _plan_texts(unit, ("units", index))
    yield from _plan_presets(units)
    for index, unit in enumerate(units):
        yield from _plan_wishes(unit, ("units", index))


def _plan_texts(unit: Unit, place: Place) -> Iterator[Step]:
    path = unit_path(unit)
    if unit.content is not None:
        yield Step(_text_file(unit, path, unit.content), path_text((*place, "content")))
    for index, dropin in enumerate(unit.dropins):
        file = _text_file(unit, f"{path}.d/{dropin.name}", dropin.content)
        yield Step(file, path_text((*place, "dropins", index)))


def _text_file(unit: Unit, path: str, text: str) -> WriteFile:
    if suffix_of(unit.name) == "netdev" and NETDEV_KEY.search(text):
        # networkd reads its files without root's rights: systemd.netdev(5), PrivateKey=
        return WriteFile(path, text.encode(), mode=0o640, group="systemd-network", secret=True)
    return WriteFile(path, text.encode())


NETDEV_KEY = re.compile(r"^\s*(?:PrivateKey|PresharedKey|Key)\s*=", re.MULTILINE)


def _plan_wishes(unit: Unit, place: Place) -> Iterator[Step]:
    user = unit.scope == "user"
    if is_network_file(unit.name):
        if unit.mask:
            # systemctl does not know these; a link to /dev/null is what hides one in /usr/lib.
            yield Step(EnsureLink(unit_path(unit), "/dev/null"), path_text((*place, "mask")))
        return
    if unit.mask is not None:
        yield Step(MaskUnit(unit.name, unit.mask, user=user), path_text((*place, "mask")))
    if unit.enable is not None:
        for name in _instance_names(unit) or (unit.name,):
            yield Step(EnableUnit(name, unit.enable, user=user), path_text((*place, "enable")))


def _instance_names(unit: Unit) -> tuple[str, ...]:
    template, _, suffix = unit.name.rpartition(".")
    return tuple(f"{template}{instance}.{suffix}" for instance in unit.instances)


def preset_paths(units: tuple[Unit, ...]) -> tuple[str, ...]:
    return tuple(
        f"/etc/systemd/{scope}-preset/{PRESET_NAME}"
        for scope in ("system", "user")
        if any(_preset_of(unit) is not None for unit in units if unit.scope == scope)
    )


def _preset_of(unit: Unit) -> bool | None:
    return unit.enable if unit.preset is None else unit.preset


def _plan_presets(units: tuple[Unit, ...]) -> Iterator[Step]:
    """A first boot, and packages, set units as presets say: without ours they would undo what was asked for."""
    for path in preset_paths(units):
        scope = path.removeprefix("/etc/systemd/").partition("-")[0]
        chosen = [unit for unit in units if unit.scope == scope and _preset_of(unit) is not None]
        yield Step(WriteFile(path, _preset_text(chosen).encode()), "units")


def _preset_text(units: Iterable[Unit]) -> str:
    """systemd.preset(5). Backslashes of escaped names are not special there.

    Instances stand after their template, all of them: systemd looks for no more than the first line about it.
    """
    lines: dict[str, list[str]] = {}
    for unit in units:
        verb = "enable" if _preset_of(unit) else "disable"
        name, at, instance = unit.name.rpartition(".")[0].partition("@")
        if at and instance and verb == "enable":
            line = lines.setdefault(f"enable {name}@.{suffix_of(unit.name)}", [])
            line += [instance] if instance not in line else []
        else:
            lines.setdefault(f"{verb} {unit.name}", []).extend(unit.instances)
    return "".join(f"{' '.join((start, *instances))}\n" for start, instances in lines.items())
