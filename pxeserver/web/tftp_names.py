"""What can be fetched over TFTP: loaders, and for GRUB the scripts and images that others fetch over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pxeserver.boot.client import is_junk_uuid
from pxeserver.boot.loaders import grub
from pxeserver.inventory.model import Labels, normal_mac
from pxeserver.web.script import boot_script
from pxeserver.web.services import Services


@dataclass(frozen=True)
class TftpNames(Mapping[str, "bytes | Path"]):
    """Iterates over the fixed names only; a script is made when it is asked for."""

    services: Services

    def __getitem__(self, name: str) -> bytes | Path:
        if name in self.services.loaders:
            return self.services.loaders[name]
        mac, sha256 = script_machine(name), asset_digest(name)
        if mac is not None:
            return self._script(mac, name)
        asset = self.services.images.asset(sha256) if sha256 is not None else None
        if asset is None:
            raise KeyError(name)
        return asset.path

    def __iter__(self) -> Iterator[str]:
        return iter(self.services.loaders)

    def __len__(self) -> int:
        return len(self.services.loaders)

    def _script(self, mac: str, name: str) -> bytes:
        _, _, arch, uuid, *_ = *name.split("/"), "", ""
        labels = Labels(mac=mac, uuid="" if is_junk_uuid(uuid) else uuid.lower(), arch=arch)
        # Where it goes is known when it has gone.
        return boot_script(self.services, grub, labels).encode()


def script_machine(name: str) -> str | None:
    """The machine whose script a name stands for: boot.grub/MAC/ARCHITECTURE/UUID."""
    folder, _, rest = name.lstrip("/").partition("/")
    return normal_mac(rest.partition("/")[0]) if folder == grub.SCRIPT_FOLDER else None


def asset_digest(name: str) -> str | None:
    """The digest in a name below assets/sha256/."""
    _, found, rest = f"/{name.lstrip('/')}".partition(grub.ASSET_FOLDER)
    return rest.partition("/")[0] if found else None
