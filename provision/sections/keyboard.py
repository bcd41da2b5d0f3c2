"""Section `keyboard`: what the keys of the console mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from provision.actions import Step, WriteFile
from provision.facts import Facts
from provision.findings import Place, Problem, error
from provision.sections.claims import Claim
from provision.variables import has_variable

VCONSOLE_PATH = "/etc/vconsole.conf"
DEBIAN_KEYBOARD_PATH = "/etc/default/keyboard"

# Names of the X keyboard database, xkeyboard-config(7). Several layouts are joined by commas.
NAME = r"[A-Za-z0-9_+-]+"
RULES = {
    "layout": re.compile(rf"{NAME}(?:,{NAME})*"),
    "model": re.compile(NAME),
    "variant": re.compile(rf"(?:{NAME})?(?:,(?:{NAME})?)*"),
    "keymap": re.compile(r"[A-Za-z0-9_.+-]+"),
}
OPTION = re.compile(rf"{NAME}:{NAME}")


class Keyboard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keyboard, in the names of the X keyboard database, which Debian's console takes too."""

    layout: Annotated[str, Meta(description="Layout; several joined by commas.", examples=["de", "us,ru"])]
    model: Annotated[str, Meta(description="Model.", examples=["pc105"])] = "pc105"
    variant: Annotated[
        str, Meta(description="Variant of the layout, as many as there are layouts.", examples=["nodeadkeys"])
    ] = ""
    options: Annotated[tuple[str, ...], Meta(description="Options.", examples=[["ctrl:nocaps"]])] = ()
    keymap: Annotated[
        str | None,
        Meta(
            description="Name of the console keymap of kbd (systemd's console); absent: the first layout.",
            examples=["de-latin1-nodeadkeys"],
        ),
    ] = None


def check(keyboard: Keyboard, place: Place) -> Iterator[Problem]:
    for field, rule in RULES.items():
        value = getattr(keyboard, field)
        if value is not None and not has_variable(value) and not rule.fullmatch(value):
            yield error(f"keyboard-{field}", (*place, field), f"{value!r} is no {field} of a keyboard")
    layouts, variants = keyboard.layout.split(","), keyboard.variant.split(",")
    if len(variants) > len(layouts) and not has_variable(keyboard.layout):
        message = f"{len(variants)} variants for {len(layouts)} layouts"
        yield error("keyboard-variant", (*place, "variant"), message)
    for index, option in enumerate(keyboard.options):
        if not has_variable(option) and not OPTION.fullmatch(option):
            hint = "group:option, for example ctrl:nocaps"
            yield error("keyboard-option", (*place, "options", index), f"{option!r} is no option", hint)


def claims(_keyboard: Keyboard, place: Place) -> Iterator[Claim]:
    yield Claim(VCONSOLE_PATH, place)
    yield Claim(DEBIAN_KEYBOARD_PATH, place)


def plan(keyboard: Keyboard, _facts: Facts) -> Iterator[Step]:
    names = {
        "MODEL": keyboard.model,
        "LAYOUT": keyboard.layout,
        "VARIANT": keyboard.variant,
        "OPTIONS": ",".join(keyboard.options),
    }
    keymap = keyboard.keymap or keyboard.layout.partition(",")[0]
    # vconsole.conf(5) for systemd, keyboard(5) for Debian's console-setup: whichever the image has.
    systemd = f'KEYMAP="{keymap}"\n' + _assignments(names)
    debian = _assignments(names) + 'BACKSPACE="guess"\n'
    yield Step(WriteFile(VCONSOLE_PATH, systemd.encode()), "keyboard")
    yield Step(WriteFile(DEBIAN_KEYBOARD_PATH, debian.encode()), "keyboard")


def _assignments(names: dict[str, str]) -> str:
    return "".join(f'XKB{name}="{value}"\n' for name, value in names.items())
