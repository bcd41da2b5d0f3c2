"""Runs inside the small guest: what a stage left behind, as one line of JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path("/")


def text(path: str) -> str | None:
    place = ROOT / path
    return place.read_text(errors="replace") if place.exists() else None


def main() -> None:
    stage, code, begun_s = sys.argv[1:]
    key = text("etc/ssh/ssh_host_ed25519_key.pub") or ""
    facts = {
        "stage": stage,
        "code": int(code),
        "took_s": float((text("proc/uptime") or "0").split()[0]) - float(begun_s),
        "output": text("run/out"),
        "hostname": (text("etc/hostname") or "").strip(),
        "motd": text("etc/motd"),
        "keys": text("root/.ssh/authorized_keys"),
        "networks": sorted(path.name for path in (ROOT / "etc/systemd/network").glob("*")),
        "identity": json.loads(text("var/lib/provision/instance.json") or "null"),
        "host_key": hashlib.sha256(key.encode()).hexdigest(),
        "mounts": [line for line in (text("proc/mounts") or "").splitlines() if "drive-" in line],
    }
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
