"""Root directories that provisioning starts from: small, and the same for all that are compared."""

from __future__ import annotations

import shutil
from pathlib import Path

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\nsudo:x:27:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\nsudo:*::\n",
    "etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\n",
    "etc/selinux/config": "SELINUX=disabled\nSELINUXTYPE=targeted\n",  # Ignition reads it in any case
    "etc/selinux/targeted/contexts/files/file_contexts": "",
}
DIRECTORIES = ("home", "root", "run", "tmp", "var/lib", "etc/skel", "etc/systemd/system")


def fresh_root(root: Path) -> None:
    """An empty system, in the place of what was there."""
    shutil.rmtree(root, ignore_errors=True)
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True)
    for name, text in FILES.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
