"""Kernel arguments in the two places where Debian's boot loaders look for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

GRUB_PATH = "/etc/default/grub.d/50-provision.cfg"  # a shell script that grub-mkconfig reads
GRUB_PLACES = ("/etc/default/grub", "/etc/default/grub.d")
GRUB_MENU_PATH = "/boot/grub/grub.cfg"
UPDATE_GRUB_PATH = "/usr/sbin/update-grub"
# kernel-install(8), for systemd-boot and unified kernel images: the whole line, with `root=` and all.
COMMAND_LINE_PATH = "/etc/kernel/cmdline"

# Words as the kernel reads them (next_arg in lib/cmdline.c): double quotes hold a value with spaces together.
WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')


def is_named_by(word: str, absent: str) -> bool:
    """`console=tty0` means that very argument, `console` every value of it, and none."""
    return word == absent or ("=" not in absent and word.startswith(f"{absent}="))


def edited(line: str, present: Sequence[str], absent: Sequence[str]) -> str:
    """The line without what shall be absent, and with what is missing at its end; without a line break."""
    kept = [word for word in WORD.findall(line) if not any(is_named_by(word, name) for name in absent)]
    return " ".join([*kept, *(word for word in present if word not in kept)])


def grub_text(present: Sequence[str], absent: Sequence[str]) -> str:
    """Sourced after /etc/default/grub, so it takes away from what that says, and adds to it."""
    lines = ["# kernel.arguments of this machine's config. Read by update-grub.", ""]
    if absent:
        patterns = "|".join(pattern for name in absent for pattern in _patterns(name))
        lines += [
            "provision_kept() (",
            "    set -f",
            "    kept=",
            "    for word in $1; do",
            f'        case $word in {patterns}) ;; *) kept="$kept $word" ;; esac',
            "    done",
            "    printf '%s' \"${kept# }\"",
            ")",
            'GRUB_CMDLINE_LINUX=$(provision_kept "$GRUB_CMDLINE_LINUX")',
            'GRUB_CMDLINE_LINUX_DEFAULT=$(provision_kept "$GRUB_CMDLINE_LINUX_DEFAULT")',
        ]
    if present:
        lines.append(f"GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX\"' {' '.join(present)}'")
    return "\n".join(lines) + "\n"


def _patterns(absent: str) -> tuple[str, ...]:
    """No argument that the config may name has a quote in it."""
    return (f"'{absent}'",) if "=" in absent else (f"'{absent}'", f"'{absent}='*")
