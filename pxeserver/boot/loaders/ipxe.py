"""iPXE scripts: values in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RETRY_S = 10
# COMMAND_LINE_SIZE less its NUL, 2048 on x86 and arm64 (asm/setup.h): the kernel drops what is longer.
MAX_COMMAND_LINE_BYTES = 2047
# What ends a command in an iPXE line when it stands alone (iPXE core/exec.c), and what starts a comment.
_TERMINATORS = frozenset({"&&", "||", ";"})

# What the first script tells, as iPXE's settings have it from SMBIOS and DHCP. Free text comes last: iPXE's uristring
# leaves '&' as it is, and of a name that is there twice the first counts.
SAID_FIRST = ("mac=${mac:hexhyp}", "uuid=${uuid}", "arch=${arch}", "platform=${platform}")
SAID_LAST = tuple(
    f"{name}=${{{name}:uristring}}" for name in ("serial", "asset", "hostname", "manufacturer", "product")
)
_SAID = frozenset(said.partition("=")[0] for said in (*SAID_FIRST, *SAID_LAST))
_OWN_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,31}=[A-Za-z0-9._:-]{1,64}")


class ScriptError(ValueError):
    """A value cannot stand in a boot script; the text says which and why."""


@dataclass(frozen=True, slots=True)
class BootTarget:
    """What one machine boots. `arguments` is the whole kernel command line, in order."""

    title: str
    kernel_url: str
    initrd_url: str
    arguments: tuple[str, ...]


def boot_ipxe(server_url: str, labels: Mapping[str, str] | None = None) -> str:
    """The first script: it says what the firmware knows of the machine, and asks until it is answered.

    `labels` are the operator's own; ScriptError for one that is no plain word.
    """
    return _script(*_asking(server_url, labels or {}))


def autoexec_ipxe(server_url: str) -> str:
    """The script that iPXE 2 looks for beside itself. It is run before there is a network."""
    return _script(
        ":network",
        "dhcp && goto ask ||",
        f"echo pxeserver: no network, trying again in {RETRY_S} s",
        f"sleep {RETRY_S}",
        "goto network",
        *_asking(server_url, {}),
    )


def _asking(server_url: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    query = "&".join((*SAID_FIRST, *(_own_label(name, value) for name, value in labels.items()), *SAID_LAST))
    return (
        ":ask",
        # A BIOS's iPXE is built for i386 whatever the processor is; bit 29 says that it has long mode.
        "set arch ${buildarch}",
        "cpuid --ext 29 && set arch x86_64 ||",
        f"chain --replace --autofree {_checked('server url', server_url)}/v1/boot?{query} ||",
        f"echo pxeserver: no answer from {server_url}, asking again in {RETRY_S} s",
        f"sleep {RETRY_S}",
        "goto ask",
    )


def machine_script(target: BootTarget, *, server_url: str, labels: Mapping[str, str] | None = None) -> str:
    """The script that boots `target`, and starts over when a download fails; `labels` are the operator's own."""
    arguments = tuple(check_argument(argument) for argument in target.arguments)
    # initrd= names the image for the EFI stub; BIOS ignores it.
    command_line = " ".join(("initrd=initrd", *arguments))
    if len(command_line) > MAX_COMMAND_LINE_BYTES:
        raise ScriptError(
            f"kernel command line: {len(command_line)} bytes, only {MAX_COMMAND_LINE_BYTES} are kept"
        )
    return _script(
        f"echo pxeserver: {_checked('title', target.title)}",
        "imgfree",
        f"kernel --name kernel {_checked('kernel url', target.kernel_url)} {command_line} || goto failed",
        f"initrd --name initrd {_checked('initrd url', target.initrd_url)} || goto failed",
        "boot || goto failed",
        ":failed",
        f"echo pxeserver: the boot failed, starting over in {RETRY_S} s",
        f"sleep {RETRY_S}",
        # A script that ends would hand the machine to its next boot device: wait until the server is back.
        f"chain --replace --autofree {_first_script(server_url, labels)} || goto failed",
    )


def waiting_script(
    reason_lines: Sequence[str],
    *,
    server_url: str,
    labels: Mapping[str, str] | None = None,
    retry_s: int = RETRY_S,
) -> str:
    """The script that shows why this machine is not booted, waits, and asks again.

    Characters that a script cannot hold are replaced: a reason with odd letters is better than none.
    """
    return _script(
        "echo",
        "echo pxeserver does not boot this machine:",
        *(f"echo   {_shown(line)}" for line in reason_lines),
        ":again",
        f"echo asking again in {retry_s} s",
        f"sleep {retry_s}",
        f"chain --replace --autofree {_first_script(server_url, labels)} || goto again",
    )


def local_script(reason: str) -> str:
    """The script that gives the machine back to its firmware, which goes on with its next boot entry."""
    # 1, as UEFI firmware that is told of a success shows its menu instead (UEFI 2.10 sec. 3.1.1).
    return _script(f"echo pxeserver: not from the network: {_shown(reason)}", "exit 1")


def check_argument(argument: str) -> str:
    """`argument`, when it can stand on a kernel command line in a script; raises ScriptError otherwise."""
    return _checked("kernel argument", argument)


def _first_script(server_url: str, labels: Mapping[str, str] | None) -> str:
    own = "&".join(_own_label(name, value) for name, value in (labels or {}).items())
    return f"{_checked('server url', server_url)}/boot.ipxe" + (f"?{own}" if own else "")


def own_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Those that the operator has added to what the first script says: they are to be said again."""
    return {
        name: value
        for name, value in labels.items()
        if name not in _SAID and _OWN_LABEL.fullmatch(f"{name}={value}")
    }


def _own_label(name: str, value: str) -> str:
    text = f"{name}={value}"
    if not own_labels({name: value}):
        raise ScriptError(f"label {name!r}: not a name and a word that can be added to what the script says")
    return text


def _script(*lines: str) -> str:
    return "\n".join(("#!ipxe", *lines)) + "\n"


def _checked(what: str, value: str) -> str:
    """`value`, unless it would end the line, the command, or be expanded by iPXE."""
    if not value:
        raise ScriptError(f"{what}: empty")
    if not (value.isascii() and value.isprintable()):
        raise ScriptError(f"{what}: {value!r} holds a control or non-ASCII character")
    if "${" in value:
        raise ScriptError(f"{what}: {value!r} holds '${{', which iPXE expands")
    for word in value.split():
        if word in _TERMINATORS or word.startswith("#"):
            raise ScriptError(f"{what}: {value!r} holds {word!r}, which ends a command in iPXE")
    return value


def _shown(line: str) -> str:
    printable = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in line)
    words = printable.replace("${", "$ {").split(" ")
    return " ".join(f"'{word}'" if word in _TERMINATORS or word.startswith("#") else word for word in words)
