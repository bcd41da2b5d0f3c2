"""The section `coreos`: units, and the programs of the first CoreOS."""

from __future__ import annotations

from msgspec import Struct

from provision.formats.cloud_config.coreos.etcd import EtcdOne, translate_etcd_one
from provision.formats.cloud_config.coreos.etcd2 import EtcdTwo, translate_etcd_two
from provision.formats.cloud_config.coreos.services import (
    Flannel,
    Fleet,
    Locksmith,
    translate_flannel,
    translate_fleet,
    translate_locksmith,
)
from provision.formats.cloud_config.coreos.units import Unit, Units, translate_units
from provision.formats.cloud_config.coreos.update import Oem, Update, translate_oem, translate_update
from provision.formats.draft import Draft


class CoreOS(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    units: tuple[Unit, ...] = ()
    etcd: EtcdOne | None = None
    etcd2: EtcdTwo | None = None
    fleet: Fleet | None = None
    flannel: Flannel | None = None
    locksmith: Locksmith | None = None
    update: Update | None = None
    oem: Oem | None = None


def translate_coreos(coreos: CoreOS, draft: Draft) -> None:
    units = Units(draft, coreos.units, has_member=coreos.etcd is not None or coreos.etcd2 is not None)
    if coreos.etcd is not None:
        translate_etcd_one(coreos.etcd, units)
    if coreos.etcd2 is not None:
        translate_etcd_two(coreos.etcd2, units)
    if coreos.fleet is not None:
        translate_fleet(coreos.fleet, units)
    if coreos.flannel is not None:
        translate_flannel(coreos.flannel, units)
    if coreos.locksmith is not None:
        translate_locksmith(coreos.locksmith, units)
    if coreos.update is not None:
        translate_update(coreos.update, units)
    if coreos.oem is not None:
        translate_oem(coreos.oem, draft)
    translate_units(units)
