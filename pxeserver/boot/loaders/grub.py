"""GRUB scripts: values in, text out. Every value is quoted, or refused.

All is fetched over TFTP: the GRUB that distributions sign has no HTTP, and Secure Boot lets it load no module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pxeserver.boot.loaders.ipxe import MAX_COMMAND_LINE_BYTES, RETRY_S, BootTarget, ScriptError

# GRUB's network image looks here, relative to the place it was loaded from (its prefix is /grub).
FIRST_SCRIPT_NAME = "grub/grub.cfg"
SCRIPT_FOLDER = "boot.grub"  # the machine's own script: boot.grub/MAC/ARCHITECTURE/UUID
ASSET_FOLDER = "/assets/sha256/"
# What GRUB puts backslashes before when it builds a kernel command line: the kernel would see them.
_ESCAPED_FOR_KERNEL = frozenset("'\"\\ ")


def first_script(server_url: str) -> str:
    """The first script, the same for every machine: it asks for the machine's own until it is answered."""
    # Unquoted, GRUB expands its variables: what it knows of the machine by itself. The UUID may be empty.
    return _script(
        "smbios --type 1 --get-uuid 8 --set uuid",
        "while true; do",
        f"  configfile {_device(server_url)}/{SCRIPT_FOLDER}/$net_default_mac/$grub_cpu/$uuid",
        f"  echo {_quoted(f'pxeserver: no answer from {server_url}, asking again in {RETRY_S} s')}",
        f"  sleep {RETRY_S}",
        "done",
    )


def machine_script(
    target: BootTarget,
    *,
    server_url: str,
    labels: Mapping[str, str] | None = None,  # noqa: ARG001 - GRUB sends none
) -> str:
    """The script that boots `target`, and starts over when a download fails."""
    device = _device(server_url)
    kernel, initrd = (device + asset_path(url) for url in (target.kernel_url, target.initrd_url))
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


def waiting_script(
    reason_lines: Sequence[str],
    *,
    server_url: str,
    labels: Mapping[str, str] | None = None,  # noqa: ARG001 - GRUB sends none
    retry_s: int = RETRY_S,
) -> str:
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


def asset_path(url: str) -> str:
    """The path below which every server of assets has a file, this one over TFTP, too."""
    _, found, below = url.partition(ASSET_FOLDER)
    if not found:
        raise ScriptError(f"{url!r}: no {ASSET_FOLDER} in it, so GRUB cannot be told where it is")
    return f"{ASSET_FOLDER}{below}"


def _device(url: str) -> str:
    """A URL's server as GRUB names it for TFTP."""
    return f"(tftp,{urlsplit(url).hostname})"


def _first_script_location(server_url: str) -> str:
    return f"{_device(server_url)}/{FIRST_SCRIPT_NAME}"


def _shown(line: str) -> str:
    printable = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
    return printable.replace("'", '"')
