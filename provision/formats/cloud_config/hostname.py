"""`hostname`, `fqdn` and `manage_etc_hosts`: what the machine is called, and that it knows so."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from provision.findings import Place, error, warning
from provision.formats.draft import Draft

Managed = bool | Literal["template", "localhost"]
OWN_ADDRESS = "127.0.1.1"  # Debian's, for a machine without a permanent one


class Names(Struct, frozen=True):
    """What the config says of the name. `is_coreos`: then a name with a domain stays whole."""

    hostname: str | None
    fqdn: str | None
    preserve: bool
    prefer_fqdn: bool
    manage_hosts: Managed
    is_coreos: bool


def translate_hostname(names: Names, draft: Draft) -> None:
    chosen = _hostname(names)
    if names.preserve and chosen is not None:
        message = "the name is not set: preserve_hostname says so"
        draft.report(warning("hostname-preserved", chosen[1], message, "remove one of the two"))
    elif chosen is not None:
        draft.root.put("hostname", chosen[0], chosen[1])
    if names.manage_hosts is not False:
        _manage_hosts(names, draft)


def _hostname(names: Names) -> tuple[str, Place] | None:
    if names.fqdn is not None and names.prefer_fqdn:
        return names.fqdn, ("fqdn",)
    if names.hostname is not None:
        short = names.hostname.partition(".")[0]
        whole = names.is_coreos or names.prefer_fqdn or names.fqdn is not None
        return (names.hostname if whole else short), ("hostname",)
    return (names.fqdn.partition(".")[0], ("fqdn",)) if names.fqdn is not None else None


def _manage_hosts(names: Names, draft: Draft) -> None:
    place: Place = ("manage_etc_hosts",)
    if names.is_coreos and names.manage_hosts != "localhost":
        message = "only 'localhost' is known together with the section coreos"
        draft.report(error("manage-etc-hosts", place, message))
        return
    whole = names.fqdn or names.hostname
    if whole is None:
        message = "without a hostname there is nothing to write"
        draft.report(error("manage-etc-hosts", place, message, "add hostname or fqdn"))
        return
    short = (names.hostname or whole).partition(".")[0]
    entry = draft.root.item("hosts", place)
    entry.put("address", OWN_ADDRESS, place)
    for name in dict.fromkeys((whole, short)):
        entry.append("names", name, place)
