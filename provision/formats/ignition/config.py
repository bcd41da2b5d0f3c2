"""The whole of an Ignition config, and what other formats share with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any  # Any: what is not carried out is not looked at

from msgspec import Struct

from provision.findings import Place, Severity, error, warning
from provision.formats.draft import Draft
from provision.formats.front_end import Level, not_carried
from provision.formats.ignition.kernel_arguments import KernelArguments, translate_kernel_arguments
from provision.formats.ignition.passwd import Passwd, translate_passwd
from provision.formats.ignition.resource import HttpHeader, Resource, remote_of
from provision.formats.ignition.storage import Storage, translate_storage
from provision.formats.ignition.systemd import Systemd, translate_systemd
from provision.formats.nodes import Plain
from provision.formats.spelling import since

VERSIONS = {version: version for version in ("3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0", "3.6.0")}
SPECIAL_BITS_SINCE = "3.6.0"


class Reference(Resource, frozen=True, kw_only=True):
    """Of another config."""

    compression: Annotated[str | None, since("3.1.0")] = None
    http_headers: Annotated[
        tuple[HttpHeader, ...],
        not_carried(Severity.ERROR, "configs are fetched without headers of their own", since="3.1.0"),
    ] = ()


class Configs(Struct, frozen=True, kw_only=True):
    merge: tuple[Reference, ...] = ()
    replace: Reference | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """What is said about the config itself."""

    config: Configs | None = None
    timeouts: Annotated[Any, not_carried(Severity.WARNING, "fetches have deadlines of their own")] = None
    security: Annotated[Any, not_carried(Severity.ERROR, "authorities for fetches are not added")] = None
    proxy: Annotated[Any, not_carried(Severity.ERROR, "files are fetched without a proxy", since="3.1.0")] = (
        None
    )


class Body(Struct, frozen=True, kw_only=True):
    """All but what says which format it is."""

    storage: Storage | None = None
    systemd: Systemd | None = None
    passwd: Passwd | None = None
    kernel_arguments: Annotated[KernelArguments | None, since("3.3.0")] = None


class Ignition(Settings, frozen=True, kw_only=True):
    version: str


class Config(Body, frozen=True, kw_only=True):
    ignition: Ignition


def level(data: Plain) -> Level | None:
    settings = data.get("ignition") if isinstance(data, dict) else None
    version = settings.get("version") if isinstance(settings, dict) else None
    return Level(version, VERSIONS) if isinstance(version, str) and version in VERSIONS else None


def translate(config: Config, draft: Draft) -> None:
    version = config.ignition.version
    check_version(version, VERSIONS, ("ignition", "version"), draft)
    translate_body(config, draft, special_bits=version >= SPECIAL_BITS_SINCE)
    translate_settings(config.ignition, draft)


def check_version(version: str, versions: Mapping[str, str], place: Place, draft: Draft) -> None:
    if version not in versions:
        known = [*versions]
        message = f"{version!r} is no version of the specification that is read"
        hint = f"versions are {known[0]} to {known[-1]}"
        draft.report(error("format-version", place, message, hint))


def translate_body(body: Body, draft: Draft, *, special_bits: bool) -> None:
    if body.storage is not None:
        translate_storage(body.storage, draft, special_bits=special_bits)
    if body.systemd is not None:
        translate_systemd(body.systemd, draft)
    if body.passwd is not None:
        translate_passwd(body.passwd, draft)
    if body.kernel_arguments is not None:
        translate_kernel_arguments(body.kernel_arguments, draft)


def translate_settings(settings: Settings, draft: Draft) -> None:
    configs = settings.config
    if configs is None:
        return
    place: Place = ("ignition", "config")
    if configs.replace is not None and not configs.replace.says_nothing:
        if configs.merge:
            message = "what is merged is not looked at: this config is replaced"
            draft.report(warning("replaced-config", (*place, "merge"), message))
        here: Place = (*place, "replace")
        draft.include(here, remote_of(configs.replace, here, draft), replaces=True)
        return
    for index, reference in enumerate(configs.merge):
        here = (*place, "merge", index)
        if reference.says_nothing or reference.source == "":
            draft.report(error("missing-key", here, "'source' is missing"))
            continue
        draft.include(here, remote_of(reference, here, draft))
