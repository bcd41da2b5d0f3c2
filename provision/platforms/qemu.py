"""QEMU's fw_cfg: `-fw_cfg name=opt/com.coreos/config,file=config.ign` (qemu(1), docs/specs/fw_cfg)."""

from __future__ import annotations

from provision.errors import SourceError
from provision.platforms.contract import Access, Identified, Platform, Provided, read_optional
from provision.platforms.observation import Observation

FOLDER = "/sys/firmware/qemu_fw_cfg/by_name"
NAMES = ("opt/com.coreos/config", "opt/org.flatcar-linux/config")


def identify(observation: Observation) -> Identified | None:
    name = next((name for name in NAMES if _path(name) in observation.paths), None)
    return None if name is None else Identified("qemu", f"fw_cfg {name}", place=name)


def read(identified: Identified, access: Access) -> Provided:
    # In one call: the kernel begins anew at the blob's first byte with each.
    data = read_optional(access.file(_path(identified.place)))
    if data is None:
        raise SourceError(f"fw_cfg has no {identified.place} any more")
    uuid = access.observation.said("product_uuid").lower()
    return Provided(data or None, file=identified.place, instance_id=uuid or None)


def _path(name: str) -> str:
    return f"{FOLDER}/{name}/raw"


QEMU = Platform("qemu", "QEMU (fw_cfg)", identify, read, paths=tuple(map(_path, NAMES)))
