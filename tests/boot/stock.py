"""A Debian 12 as its cloud images are, without cloud-init, and with our package instead."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

# What Debian's generic cloud image has of systemd, network and Python, as that image is configured.
PACKAGES = (
    "ca-certificates",
    "dbus",
    "ifupdown",
    "iproute2",
    "kmod",
    "linux-image-cloud-amd64",
    "netplan.io",
    "openssh-server",
    "python3",
    "python3-jsonschema",
    "python3-yaml",
    "sudo",
    "systemd",
    "systemd-resolved",
    "systemd-sysv",
    "systemd-timesyncd",
    "udev",
)
EXCLUDED = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
NETPLAN = """\
network:
  version: 2
  ethernets:
    all-en: {match: {name: "en*"}, dhcp4: true, dhcp6: true}
"""
DISK_SIZE = "1200M"


def base_root(cache: Path) -> Path:
    """The root without our package, made once for each list of packages."""
    name = hashlib.sha256(" ".join([*PACKAGES, *EXCLUDED]).encode()).hexdigest()[:16]
    root = cache / name
    if root.is_dir():
        return root
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    options = [f"--dpkgopt=path-exclude={path}" for path in EXCLUDED]
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", *options]
    run(*argv, f"--include={','.join(PACKAGES)}", "bookworm", str(partial))
    partial.rename(root)
    return root


def installed(base: Path, package: Path, root: Path) -> Path:
    """A copy with our package, which dpkg itself installs, as an image is left for others to boot."""
    run("cp", "-a", str(base), str(root))
    shutil.copy2(package, root / "root/provision.deb")
    run("chroot", str(root), "dpkg", "-i", "/root/provision.deb")
    units = ("systemd-networkd.service", "systemd-resolved.service", "ssh.service")
    run("systemctl", f"--root={root}", "--quiet", "enable", *units)
    (root / "etc/netplan").mkdir(exist_ok=True)
    (root / "etc/netplan/90-default.yaml").write_text(NETPLAN)
    (root / "etc/netplan/90-default.yaml").chmod(0o600)
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").write_text("localhost\n")
    for key in root.glob("etc/ssh/ssh_host_*"):
        key.unlink()
    return root


def disk_of(root: Path, disk: Path) -> Path:
    run("truncate", "-s", DISK_SIZE, str(disk))
    run("mkfs.ext4", "-q", "-d", str(root), str(disk))
    return disk


def run(*arguments: str) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments[0]}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
