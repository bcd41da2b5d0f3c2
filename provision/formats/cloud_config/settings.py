"""`ntp`, `timezone`, `locale`, `keyboard` and `ca_certs`: the sections of ours that say the same."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Struct

from provision.findings import Place, error
from provision.formats.cloud_config.words import refused
from provision.formats.draft import Draft

CERTIFICATE = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----\n?", re.DOTALL)
CLIENTS = ("auto", "systemd-timesyncd")
DEBIAN_POOLS = tuple(f"{number}.debian.pool.ntp.org" for number in range(4))


class Ntp(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pools: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    peers: Annotated[Any, refused("the clock is kept by systemd-timesyncd, which has no peers")] = None
    allow: Annotated[Any, refused("the clock is kept by systemd-timesyncd, which serves nobody")] = None
    ntp_client: str = "auto"
    enabled: bool = True
    config: Annotated[Any, refused("the clock is kept by systemd-timesyncd")] = None


class Keyboard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    layout: str
    model: str | None = None
    variant: str | None = None
    options: str | None = None


class CaCerts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    trusted: tuple[str, ...] = ()
    remove_defaults: Annotated[bool, refused("the distribution's authorities stay trusted")] = False


def translate_ntp(ntp: Ntp, draft: Draft) -> None:
    """Without servers, cloud-init takes those of the distribution."""
    if not ntp.enabled:
        return
    if ntp.ntp_client not in CLIENTS:
        message = f"the clock is kept by systemd-timesyncd, not by {ntp.ntp_client!r}"
        draft.report(error("ntp-client", ("ntp", "ntp_client"), message, "remove it"))
    time = draft.root.entry("time", ("ntp",))
    for field in ("servers", "pools"):
        for index, server in enumerate(getattr(ntp, field)):
            time.append("ntp", server, ("ntp", field, index))
    if not (ntp.servers or ntp.pools):
        for server in DEBIAN_POOLS:
            time.append("ntp", server, ("ntp",))


def translate_timezone(zone: str, draft: Draft) -> None:
    draft.root.entry("time", ("timezone",)).put("zone", zone, ("timezone",))


def translate_locale(locale: str, draft: Draft) -> None:
    draft.root.entry("locale", ("locale",)).put("lang", locale, ("locale",))


def translate_keyboard(keyboard: Keyboard, draft: Draft) -> None:
    place: Place = ("keyboard",)
    made = draft.root.entry("keyboard", place)
    made.put("layout", keyboard.layout, (*place, "layout"))
    made.put("model", keyboard.model, (*place, "model"))
    made.put("variant", keyboard.variant, (*place, "variant"))
    for option in (keyboard.options or "").split(","):
        if option.strip():
            made.append("options", option.strip(), (*place, "options"))


def translate_authorities(certs: CaCerts, key: str, draft: Draft) -> None:
    """A text may hold several certificates; ours are one each."""
    names = 0
    for index, text in enumerate(certs.trusted):
        place: Place = (key, "trusted", index)
        for pem in CERTIFICATE.findall(text) or [text]:
            names += 1
            trust = draft.root.entry("trust", place)
            made = trust.item("certificate_authorities", place)
            made.put("name", f"cloud-config-{names}", place)
            made.put("pem", pem, place)
