"""The real Ignition, and this agent, each on a root directory of its own; and what is in those afterwards."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provision.commands.plan import facts_for
from provision.errors import ProvisionError
from provision.execute.apply import apply
from provision.execute.journal import Journal
from provision.execute.target import Target
from provision.fetch.gather import gather
from provision.load import load_bytes
from provision.plan.build import plan

IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"
STAGES = ("fetch-offline", "fetch", "files")
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nold:x:1100:1100::/home/old:/bin/sh\n",
    "etc/group": "root:x:0:\nsudo:x:27:\nold:x:1100:\nstale:x:1200:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\nold:*:19000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\nsudo:*::\nold:!::\nstale:!::\n",
    # As Debian has it, with a home that only its user reads.
    "etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\nHOME_MODE 0700\n",
    "etc/skel/.profile": "PATH=/bin\n",
    "etc/machine-id": "",
    "etc/old": "old\n",
    "home/old/letter": "only copy\n",
    "srv/full/entry": "x",
    "usr/lib/systemd/system/known.service": SERVICE,
    "usr/lib/systemd/system/on.service": SERVICE,
    # Ignition reads these in any case, and relabels by a program that servers here do not have.
    "etc/selinux/config": "SELINUX=disabled\nSELINUXTYPE=targeted\n",
    "etc/selinux/targeted/contexts/files/file_contexts": "",
}
DIRECTORIES = ("home", "root", "run", "tmp", "var/lib", "srv/theirs")
LINKS = {
    "etc/oldlink": "old",
    "etc/systemd/system/masked.service": "/dev/null",
    "etc/systemd/system/multi-user.target.wants/on.service": "/usr/lib/systemd/system/on.service",
}
# Accounts of the agent, and backups and locks of the account tools, of their last call.
OWN_NOTES = re.compile(
    r"/var/lib/provision(/.*)?|/etc/\.ignition-result\.json|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-"
    r"|/etc/\.pwd\.lock"
)
# groupadd's own mark for a group without one, where Ignition has a `*`.
NO_PASSWORD = re.compile(rb"^([^:]+):!:", re.MULTILINE)
DAY_OF_CHANGE = re.compile(rb"^([^:]+:[^:]*):\d+:", re.MULTILINE)


def make_root(root: Path) -> None:
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True)
    for name, text in FILES.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for name, points_to in LINKS.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(points_to)
    os.chown(root / "etc/old", 7, 8)
    (root / "etc/old").chmod(0o640)
    os.chown(root / "home/old", 1100, 1100)
    os.chown(root / "srv/theirs", 7, 8)
    (root / "srv/theirs").chmod(0o750)


def run_ignition(config: Mapping[str, Any], work: Path) -> Path | None:
    """The root it made, or None when it refused."""
    root, programs = work / "theirs", work / "bin"
    make_root(root)
    programs.mkdir()
    (programs / "setfiles").write_text("#!/bin/sh\nexit 0\n")
    (programs / "setfiles").chmod(0o755)
    file = work / "config.ign"
    file.write_text(json.dumps(config))
    environment = {"IGNITION_CONFIG_FILE": str(file), "PATH": f"{os.environ['PATH']}:{programs}"}
    options = (f"--config-cache={work}/cache", f"--state-file={work}/state", f"--neednet={work}/neednet")
    for stage in STAGES:
        command = (IGNITION, "--platform=file", f"--stage={stage}", f"--root={root}", *options)
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode:
            return None
    return root


def run_provision(config: Mapping[str, Any], work: Path) -> Path | None:
    """As above."""
    root = work / "ours"
    make_root(root)
    loaded = load_bytes(json.dumps(config).encode(), file="config.ign")
    if loaded.document is None:
        return None
    asked = plan(loaded.document, facts_for(loaded.document, root), loaded.origin)
    try:
        with Target(root) as target:
            apply(
                asked,
                target,
                contents=gather(asked, target),
                journal=Journal(target),
                on_step=lambda _: None,
            )
    except ProvisionError:
        return None
    return root


def preset_all(root: Path) -> None:
    """What systemd does in the first boot: its presets set every unit."""
    subprocess.run(["systemctl", f"--root={root}", "preset-all"], capture_output=True, check=True)


def tree(root: Path) -> dict[str, str]:
    """Of each path its type, mode, owner and bytes."""
    names = {f"/{place.relative_to(root)}": place for place in sorted(root.rglob("*"))}
    return {name: _entry(place, name) for name, place in names.items() if not OWN_NOTES.fullmatch(name)}


def _entry(place: Path, name: str) -> str:
    entry = place.lstat()
    owner = f"{entry.st_uid}:{entry.st_gid}"
    if stat.S_ISLNK(entry.st_mode):
        return f"link {owner} {place.readlink()}"
    mode = f"{stat.S_IMODE(entry.st_mode):04o} {owner}"
    if stat.S_ISDIR(entry.st_mode):
        return f"directory {mode}"
    content = place.read_bytes()
    if name == "/etc/shadow":
        content = DAY_OF_CHANGE.sub(rb"\1:DAY:", content)
    if name == "/etc/gshadow":
        content = NO_PASSWORD.sub(rb"\1:*:", content)
    return f"file {mode} {entry.st_nlink} {content!r}"
