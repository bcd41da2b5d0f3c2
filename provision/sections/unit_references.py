"""Units that units name: a misspelt one in After= or Requires= is a dependency on nothing, without any message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import structs

from provision.findings import Place, Problem, did_you_mean, note
from provision.variables import has_variable

if TYPE_CHECKING:
    from provision.document import Document

REFERENCE = re.compile(
    r"^(?:After|Before|BindsTo|PartOf|RequiredBy|Requires|Requisite|Upholds|WantedBy|Wants)[ \t]*=(?P<names>.*)$",
    re.MULTILINE,
)
# systemd.special(7), and what units of Debian bring: those of other packages cannot be known here.
TARGETS = frozenset(
    f"{name}.target"
    for name in [
        "basic",
        "bluetooth",
        "cryptsetup",
        "cryptsetup-pre",
        "ctrl-alt-del",
        "default",
        "emergency",
        "exit",
        "factory-reset",
        "final",
        "first-boot-complete",
        "getty",
        "getty-pre",
        "graphical",
        "graphical-session",
        "graphical-session-pre",
        "halt",
        "hibernate",
        "hybrid-sleep",
        "initrd",
        "initrd-fs",
        "initrd-root-device",
        "initrd-root-fs",
        "initrd-switch-root",
        "initrd-usr-fs",
        "integritysetup",
        "integritysetup-pre",
        "kbrequest",
        "kexec",
        "local-fs",
        "local-fs-pre",
        "machines",
        "multi-user",
        "network",
        "network-online",
        "network-pre",
        "nss-lookup",
        "nss-user-lookup",
        "paths",
        "poweroff",
        "printer",
        "reboot",
        "remote-cryptsetup",
        "remote-fs",
        "remote-fs-pre",
        "remote-veritysetup",
        "rescue",
        "rpcbind",
        "shutdown",
        "sigpwr",
        "sleep",
        "slices",
        "smartcard",
        "sockets",
        "sound",
        "suspend",
        "suspend-then-hibernate",
        "swap",
        "sysinit",
        "system-update",
        "system-update-pre",
        "time-set",
        "time-sync",
        "timers",
        "umount",
        "usb-gadget",
        "veritysetup",
        "veritysetup-pre",
        "xdg-desktop-autostart",
    ]
)


def check(document: Document) -> Iterator[Problem]:
    """Targets that nobody makes, and names that are nearly those of the config's own units."""
    made = {unit.name for unit in document.units}
    if not made or any(has_variable(name) for name in made):
        return
    for index, unit in enumerate(document.units):
        texts: list[tuple[Place, str]] = [(("units", index, "content"), unit.content or "")]
        for number, dropin in enumerate(unit.dropins):
            texts.append((("units", index, "dropins", number, "content"), dropin.content))
        for place, text in texts:
            yield from _check_text(text, place, made)


def _check_text(text: str, place: Place, made: set[str]) -> Iterator[Problem]:
    for line in REFERENCE.finditer(text):
        for name in line["names"].split():
            if name in made or name in TARGETS or "%" in name or "$" in name or not _is_doubtful(name, made):
                continue
            hint = did_you_mean(name, TARGETS | made) or "is it in the image?"
            message = f"neither the config nor systemd has {name!r}"
            problem = note("unit-reference", place, message, hint)
            yield structs.replace(problem, text_line=text.count("\n", 0, line.start()))


def _is_doubtful(name: str, made: set[str]) -> bool:
    """Services of the image are its own; a target is rarely, and a name with one letter wrong is misspelt."""
    return name.endswith(".target") or any(_is_nearly(name, other) for other in made)


def _is_nearly(name: str, other: str) -> bool:
    """One letter too many, too few, other, or two in the wrong order; of short names that says nothing."""
    if abs(len(name) - len(other)) > 1 or min(len(name), len(other)) < len("abcd.service"):
        return False
    if any(char.isdigit() for char in name):  # db1 and db2 are two
        return False
    start = next(
        (at for at, (one, two) in enumerate(zip(name, other, strict=False)) if one != two), len(other)
    )
    rests = {
        name[start:],
        name[start + 1 :],
        name[start + 1 : start + 2] + name[start : start + 1] + name[start + 2 :],
    }
    return other[start:] in rests or other[start + 1 :] in (name[start:], name[start + 1 :])
