"""Root directories written down: one line an entry, so that a test's expectation can be read and compared.

directory 0755 0:0 /srv
file 0644 0:0 /etc/motd "hello\\n"
link /etc/app -> /opt/app
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

# Notes of the agent and of the account tools about themselves.
LEFT_OUT = re.compile(r"/var(/.*)?|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-|/etc/\.pwd\.lock")
DAY_OF_CHANGE = re.compile(r"^([^:]+:[^:]*):\d+:", re.MULTILINE)


def build_tree(root: Path, description: str) -> None:
    for line in description.splitlines():
        kind, *rest = line.split(" ", 1)
        if kind == "link":
            path, _, points_to = rest[0].partition(" -> ")
            place = root / path.lstrip("/")
            place.symlink_to(points_to)
            continue
        mode, owner, path, *content = rest[0].split(" ", 3)
        place = root / path.lstrip("/")
        if kind == "directory":
            place.mkdir()
        else:
            place.write_bytes(json.loads(content[0]).encode())
        uid, gid = map(int, owner.split(":"))
        os.chown(place, uid, gid)
        place.chmod(int(mode, 8))


def describe_tree(root: Path) -> str:
    names = sorted(f"/{path.relative_to(root)}" for path in root.rglob("*"))
    shown = [name for name in names if not LEFT_OUT.fullmatch(name)]
    return "".join(f"{_line(root / name.lstrip('/'), name)}\n" for name in shown)


def _line(place: Path, name: str) -> str:
    entry = place.lstat()
    if stat.S_ISLNK(entry.st_mode):
        return f"link {name} -> {place.readlink()}"
    described = f"{stat.S_IMODE(entry.st_mode):04o} {entry.st_uid}:{entry.st_gid} {name}"
    if stat.S_ISDIR(entry.st_mode):
        return f"directory {described}"
    content = place.read_text()
    if name == "/etc/shadow":
        content = DAY_OF_CHANGE.sub(r"\1:DAY:", content)
    return f"file {described} {json.dumps(content)}"
