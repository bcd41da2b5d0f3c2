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
        folder, _, rest = name.partition("/")
        if name in self.services.loaders:
            return self.services.loaders[name]
        if folder == grub.SCRIPT_FOLDER:
            return self._script(rest)
        if f"/{name}".startswith(grub.ASSET_FOLDER):
            return self._asset(f"/{name}".removeprefix(grub.ASSET_FOLDER))
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.services.loaders)

    def __len__(self) -> int:
        return len(self.services.loaders)

    def _script(self, rest: str) -> bytes:
        mac, arch, uuid, *_ = *rest.split("/"), "", ""
        normal = normal_mac(mac)
        if normal is None:
            raise KeyError(rest)
        labels = Labels(mac=normal, uuid="" if is_junk_uuid(uuid) else uuid.lower(), arch=arch)
        # TFTP's names carry no address; what else this machine sends brings the token of its boot.
        return boot_script(self.services, grub, labels, "").encode()

    def _asset(self, rest: str) -> Path:
        asset = self.services.images.asset(rest.partition("/")[0])
        if asset is None:
            raise KeyError(rest)
        return asset.path
