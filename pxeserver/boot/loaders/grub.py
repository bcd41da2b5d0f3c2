"""GRUB scripts: values in, text out. Every value is quoted, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pxeserver.boot.loaders.ipxe import MAX_COMMAND_LINE_BYTES, RETRY_S, BootTarget, ScriptError

# GRUB's network image looks here, relative to the place it was loaded from (its prefix is /grub).
FIRST_SCRIPT_NAME = "grub/grub.cfg"
# What GRUB puts backslashes before when it builds a kernel command line: the kernel would see them.
_ESCAPED_FOR_KERNEL = frozenset("'\"\\ ")


def first_script(server_url: str) -> str:
    """The first script, the same for every machine: it asks for the machine's own until it is answered."""
    # In double quotes GRUB expands its variables: what it knows of the machine by itself.
    query = "loader=grub&mac=$net_default_mac&uuid=$uuid&arch=$grub_cpu&platform=$grub_platform"
    return _script(
        "insmod smbios",
        "smbios --type 1 --get-uuid 8 --set uuid",
        "while true; do",
        f'  configfile "{_device(server_url)}/v1/boot?{query}"',
        f"  echo {_quoted(f'pxeserver: no answer from {server_url}, asking again in {RETRY_S} s')}",
        f"  sleep {RETRY_S}",
        "done",
    )


def machine_script(target: BootTarget, *, server_url: str) -> str:
    """The script that boots `target`, and starts over when a download fails."""
    kernel, initrd = _location(target.kernel_url), _location(target.initrd_url)
    arguments = tuple(_kernel_word(argument) for argument in target.arguments)
    # GRUB puts the kernel's name in front.
    command_line_bytes = len(" ".join((f"BOOT_IMAGE={kernel}", *target.arguments)))
    if command_line_bytes > MAX_COMMAND_LINE_BYTES:
        raise ScriptError(
            f"kernel command line: {command_line_bytes} bytes, only {MAX_COMMAND_LINE_BYTES} are kept"
        )
    return _script(
        f"echo {_quoted(f'pxeserver: {target.title}')}",
        f"if linux {' '.join((_quoted(kernel), *arguments))}; then",
        f"  if initrd {_quoted(initrd)}; then",
        "    boot",
        "  fi",
        "fi",
        f"echo {_quoted(f'pxeserver: the boot failed, starting over in {RETRY_S} s')}",
        f"sleep {RETRY_S}",
        f"configfile {_quoted(_first_script_location(server_url))}",
    )


def waiting_script(reason_lines: Sequence[str], *, server_url: str, retry_s: int = RETRY_S) -> str:
    """The script that shows why this machine is not booted, waits, and asks again."""
    return _script(
        "echo 'pxeserver does not boot this machine:'",
        *(f"echo {_quoted('  ' + _shown(line))}" for line in reason_lines),
        f"echo 'asking again in {retry_s} s'",
        f"sleep {retry_s}",
        f"configfile {_quoted(_first_script_location(server_url))}",
    )


def local_script(reason: str) -> str:
    """The script that gives the machine back to its firmware, which goes on with its next boot entry."""
    return _script(f"echo {_quoted('pxeserver: not from the network: ' + _shown(reason))}", "exit 1")


def _script(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    """The value as one word of a GRUB command, in which nothing is expanded."""
    if not (value.isascii() and value.isprintable()):
        raise ScriptError(f"{value!r} holds a control or non-ASCII character")
    if "'" in value:
        raise ScriptError(f"{value!r} holds an apostrophe, which ends a word in GRUB")
    return f"'{value}'"


def _kernel_word(argument: str) -> str:
    found = sorted(_ESCAPED_FOR_KERNEL.intersection(argument))
    if found or not argument:
        raise ScriptError(f"kernel argument: {argument!r} is empty or holds {found}, which GRUB changes")
    return _quoted(argument)


def _device(url: str) -> str:
    """A URL's server as GRUB names it: (http,10.77.0.1,8080)."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ScriptError(f"{url!r}: GRUB fetches over plain http only")
    port = f",{parts.port}" if parts.port is not None else ""
    return f"(http,{parts.hostname}{port})"


def _location(url: str) -> str:
    parts = urlsplit(url)
    return _device(url) + parts.path + (f"?{parts.query}" if parts.query else "")


def _first_script_location(server_url: str) -> str:
    return f"{_device(server_url)}/loaders/{FIRST_SCRIPT_NAME}"


def _shown(line: str) -> str:
    printable = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
    return printable.replace("'", '"')
