"""The field that says which boot loader machines are given."""

from __future__ import annotations

from pxeserver.boot.architectures import Loader
from pxeserver.tftp.names import split_name
from pxeserver.wire import WireError

LOADER_HINT = "ipxe, grub, shim, a file in loaders/, or a URL"
_URL_STARTS = ("http://", "https://")


def loader_problem(text: str) -> str | None:
    """Why it is none of a kind of loader, a file of `loaders/`, and the URL of an EFI file for UEFI HTTP boot."""
    if text in set(Loader):
        return None
    return _url_problem(text) if text.startswith(_URL_STARTS) else _file_problem(text)


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
