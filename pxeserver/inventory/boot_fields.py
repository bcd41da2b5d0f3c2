"""The fields that say whether a machine boots from the network, and by which loader."""

from __future__ import annotations

from provision.findings import did_you_mean
from pxeserver.boot.architectures import Loader
from pxeserver.boot.policy import BootMode
from pxeserver.inventory.yamlfile import Table
from pxeserver.tftp.names import split_name
from pxeserver.wire import WireError

_URL_STARTS = ("http://", "https://")


def read_boot_mode(table: Table) -> BootMode | None:
    text = table.text("boot")
    if text is None:
        return None
    try:
        return BootMode(text)
    except ValueError:
        hint = did_you_mean(text, (mode.value for mode in BootMode)) or "one of always, local, never, once"
        table.report("wrong-value", "boot", f"{text!r} is no way to boot", hint=hint)
        return None


def read_loader(table: Table) -> str | None:
    """A kind of loader, a file of `loaders/`, or the URL of an EFI file for UEFI HTTP boot."""
    text = table.text("loader")
    if text is None or text in set(Loader):
        return text
    problem = _url_problem(text) if text.startswith(_URL_STARTS) else _file_problem(text)
    if problem is not None:
        table.report("wrong-value", "loader", problem, hint="ipxe, grub, shim, a file in loaders/, or a URL")
        return None
    return text


def _file_problem(name: str) -> str | None:
    try:
        parts = split_name(name)
    except WireError as problem:
        return str(problem)
    # "grb" is a slip of the pen, not a file: every loader's name has an ending.
    return (
        None if len(parts) == 1 and "." in name else f"{name!r} is neither a kind of loader nor a file's name"
    )


def _url_problem(url: str) -> str | None:
    printable = url.isascii() and url.isprintable() and " " not in url
    return None if printable else f"{url!r} holds a blank, a control or a non-ASCII character"
