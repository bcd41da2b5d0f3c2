"""The boot loaders on disk, by the names they are advertised under."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pxeserver.boot.loaders.grub import FIRST_SCRIPT_NAME, first_script
from pxeserver.boot.loaders.ipxe import autoexec_ipxe

IPXE = Path("/usr/lib/ipxe")
SHIM = Path("/usr/lib/shim")
GRUB = Path("/usr/lib/grub")
OWN_FOLDER = "loaders"  # in the data directory

# Where Debian's packages have them: ipxe, shim-signed, grub-efi-{amd64,arm64,ia32}-signed. The shim asks for its
# second stage under the name that was compiled into it, next to itself.
PACKAGED: Mapping[str, Path] = {
    "grubaa64.efi": GRUB / "arm64-efi-signed/grubnetaa64.efi.signed",
    "grubia32.efi": GRUB / "i386-efi-signed/grubnetia32.efi.signed",
    "grubx64.efi": GRUB / "x86_64-efi-signed/grubnetx64.efi.signed",
    "ipxe.efi": IPXE / "ipxe.efi",
    "shimaa64.efi": SHIM / "shimaa64.efi.signed",
    "shimia32.efi": SHIM / "shimia32.efi.signed",
    "shimx64.efi": SHIM / "shimx64.efi.signed",
    "snponly.efi": IPXE / "snponly.efi",
    "undionly.kpxe": IPXE / "undionly.kpxe",
}


def with_scripts(files: Mapping[str, bytes | Path], server_url: str) -> dict[str, bytes | Path]:
    """The loaders, and the scripts that they look for beside themselves."""
    return {
        "autoexec.ipxe": autoexec_ipxe(server_url).encode(),
        FIRST_SCRIPT_NAME: first_script(server_url).encode(),
        **files,
    }


def loader_files(data: Path | None, packaged: Mapping[str, Path] = PACKAGED) -> dict[str, bytes | Path]:
    """Those that are there: the operator's own in a data directory, which come first, and the distribution's."""
    found: dict[str, bytes | Path] = {name: path for name, path in packaged.items() if path.is_file()}
    own = data / OWN_FOLDER if data is not None else None
    if own is not None and own.is_dir():
        found |= {str(path.relative_to(own)): path for path in sorted(own.rglob("*")) if path.is_file()}
    return found
