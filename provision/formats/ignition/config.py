"""The whole of an Ignition config."""

from __future__ import annotations

from typing import Annotated, Any  # Any: what is not carried out is not looked at

from msgspec import Struct

from provision.findings import Severity, error
from provision.formats.draft import Draft
from provision.formats.front_end import not_carried
from provision.formats.ignition.passwd import Passwd, translate_passwd
from provision.formats.ignition.storage import Storage, translate_storage
from provision.formats.ignition.systemd import Systemd, translate_systemd

VERSIONS = ("3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0", "3.6.0")


class Ignition(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said about the config itself."""

    version: str
    config: Annotated[Any, not_carried(Severity.ERROR, "other configs are not merged")] = None
    timeouts: Annotated[Any, not_carried(Severity.WARNING, "fetches have deadlines of their own")] = None
    security: Annotated[Any, not_carried(Severity.ERROR, "authorities for fetches are not added")] = None
    proxy: Annotated[Any, not_carried(Severity.ERROR, "files are fetched without a proxy")] = None


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    ignition: Ignition
    storage: Storage | None = None
    systemd: Systemd | None = None
    passwd: Passwd | None = None
    kernel_arguments: Annotated[Any, not_carried(Severity.ERROR, "kernel arguments are not changed")] = None


def translate(config: Config, draft: Draft) -> None:
    version = config.ignition.version
    if version not in VERSIONS:
        message = f"{version!r} is no version of the specification that is read"
        hint = f"versions are {VERSIONS[0]} to {VERSIONS[-1]}"
        draft.report(error("format-version", ("ignition", "version"), message, hint))
    if config.storage is not None:
        translate_storage(config.storage, draft)
    if config.systemd is not None:
        translate_systemd(config.systemd, draft)
    if config.passwd is not None:
        translate_passwd(config.passwd, draft)
