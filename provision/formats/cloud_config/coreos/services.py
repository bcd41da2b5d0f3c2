"""`coreos.fleet`, `coreos.flannel` and `coreos.locksmith`: environment variables of their services."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct, structs

from provision.findings import Place
from provision.formats.cloud_config.coreos.units import Units
from provision.formats.cloud_config.words import refused_secret

Number = int | float | str
READABLE = refused_secret(
    "everybody can read a unit: write a file with permissions '0600', and EnvironmentFile="
)


class Fleet(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    agent_ttl: str | None = None
    authorized_keys_file: str | None = None
    disable_engine: bool | None = None
    engine_reconcile_interval: Number | None = None
    etcd_cafile: str | None = None
    etcd_certfile: str | None = None
    etcd_keyfile: str | None = None
    etcd_key_prefix: str | None = None
    etcd_request_timeout: Number | None = None
    etcd_servers: str | None = None
    etcd_username: str | None = None
    etcd_password: Annotated[Any, READABLE] = None
    metadata: str | None = None
    public_ip: str | None = None
    token_limit: Number | None = None
    verbosity: Number | None = None
    verify_units: bool | None = None


class Flannel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    etcd_endpoints: str | None = None
    etcd_cafile: str | None = None
    etcd_certfile: str | None = None
    etcd_keyfile: str | None = None
    etcd_prefix: str | None = None
    etcd_username: str | None = None
    etcd_password: Annotated[Any, READABLE] = None
    ip_masq: bool | str | None = None
    subnet_file: str | None = None
    interface: str | None = None
    public_ip: str | None = None


class Locksmith(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint: str | None = None
    etcd_cafile: str | None = None
    etcd_certfile: str | None = None
    etcd_keyfile: str | None = None
    etcd_username: str | None = None
    etcd_password: Annotated[Any, READABLE] = None
    group: str | None = None
    window_start: str | None = None
    window_length: str | None = None


# Where the variable is not the prefix and the field's own name.
OTHER_NAMES = {
    "FLANNELD_INTERFACE": "FLANNELD_IFACE",
    "LOCKSMITHD_WINDOW_LENGTH": "REBOOT_WINDOW_LENGTH",
    "LOCKSMITHD_WINDOW_START": "REBOOT_WINDOW_START",
}


def translate_fleet(fleet: Fleet, units: Units) -> None:
    place: Place = ("coreos", "fleet")
    units.environment("fleet.service", variables_of(fleet, "FLEET"), place)


def translate_flannel(flannel: Flannel, units: Units) -> None:
    """CoreOS wrote them to a file below /run that the service reads; in a drop-in they need no boot to come back."""
    place: Place = ("coreos", "flannel")
    units.environment("flanneld.service", variables_of(flannel, "FLANNELD"), place)


def translate_locksmith(locksmith: Locksmith, units: Units) -> None:
    place: Place = ("coreos", "locksmith")
    units.environment("locksmithd.service", variables_of(locksmith, "LOCKSMITHD"), place)


def variables_of(settings: Struct, prefix: str) -> dict[str, str]:
    """As CoreOS made them: what is empty, false or zero says nothing."""
    found: dict[str, str] = {}
    for field in structs.fields(settings):
        value = getattr(settings, field.name)
        if value and field.name != "etcd_password":  # refused
            name = f"{prefix}_{field.name.upper()}"
            found[OTHER_NAMES.get(name, name)] = "true" if value is True else str(value)
    return found
