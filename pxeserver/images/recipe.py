"""What the read-only image is made of. Data only; `build.py` does the work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

SUITE = "bookworm"
PYTHON_VERSION = "3.11"  # bookworm's: the agent's binary wheels are chosen for it, whatever runs the build

# Without apt's recommendations: each name is here for a reason.
PACKAGES = (
    "busybox-static",  # the initramfs runs on it
    "ca-certificates",
    "curl",
    "dbus",
    "etcd-client",
    "etcd-server",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "libnss-myhostname",  # the machine's own name resolves, whatever DNS says: sudo wants it
    "libpython3-stdlib",
    "netbase",
    "openssh-server",
    "procps",
    "python3-minimal",
    "sudo",
    "systemd",
    "systemd-resolved",
    "systemd-sysv",
    "systemd-timesyncd",  # the clock, for configs that name NTP servers
    "tzdata",
    "udev",
)

KERNEL_PACKAGES = {
    # For virtual machines: small, and enough for every hypervisor Debian knows.
    "cloud": "linux-image-cloud-amd64",
    # For bare metal: all drivers.
    "generic": "linux-image-amd64",
}

# What no server reads: it is left out while packages are unpacked.
EXCLUDED_PATHS = (
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
    "/usr/share/lintian/*",
    "/usr/share/bash-completion/*",
    "/usr/share/zsh/*",
)
KEPT_PATHS = ("/usr/share/doc/*/copyright",)  # licences ask for it

# Left behind by installing, useless in an image that never installs anything.
REMOVED_FROM_TREE = (
    "etc/ssh/ssh_host_*",
    "etc/hostname",
    "usr/lib/python3*/pydoc_data",
    "usr/lib/x86_64-linux-gnu/gconv",  # conversions between character sets other than UTF-8
    "usr/lib/x86_64-linux-gnu/perl",  # beyond perl-base, which Debian's own scripts use
    "usr/share/perl",
    "usr/share/python3/debpython",
    "var/cache/apt/*",
    "var/cache/debconf/*",
    "var/cache/ldconfig/*",
    "var/lib/apt/lists/*",
    "var/lib/etcd/*",
    "var/log/*.log",
    "var/log/apt",
)

# Modules a server image has no use for; the rest of the kernel's tree stays.
REMOVED_MODULES = (
    "kernel/drivers/accessibility",
    "kernel/drivers/atm",
    "kernel/drivers/bluetooth",
    "kernel/drivers/comedi",
    "kernel/drivers/firewire",
    "kernel/drivers/gpu",
    "kernel/drivers/iio",
    "kernel/drivers/infiniband",
    "kernel/drivers/input/joystick",
    "kernel/drivers/input/tablet",
    "kernel/drivers/input/touchscreen",
    "kernel/drivers/isdn",
    "kernel/drivers/media",
    "kernel/drivers/mtd",
    "kernel/drivers/net/can",
    "kernel/drivers/net/wireless",
    "kernel/drivers/net/wwan",
    "kernel/drivers/nfc",
    "kernel/drivers/pcmcia",
    "kernel/drivers/platform",
    "kernel/drivers/soundwire",
    "kernel/drivers/staging",
    "kernel/drivers/usb/gadget",
    "kernel/drivers/video",
    "kernel/drivers/w1",
    "kernel/fs/afs",
    "kernel/fs/gfs2",
    "kernel/fs/jfs",
    "kernel/fs/nilfs2",
    "kernel/fs/ocfs2",
    "kernel/fs/reiserfs",
    "kernel/fs/ubifs",
    "kernel/net/atm",
    "kernel/net/bluetooth",
    "kernel/net/can",
    "kernel/net/mac80211",
    "kernel/net/nfc",
    "kernel/net/wireless",
    "kernel/sound",
)

# What the initramfs needs to reach the server and mount what it gets; dependencies follow by modules.dep.
INITRD_MODULES = (
    "af_packet",
    "loop",
    "overlay",
    "squashfs",
    "virtio_net",
    "virtio_pci",
    "failover",
    "net_failover",
)
INITRD_MODULE_FOLDERS = (
    "kernel/drivers/net/ethernet",
    "kernel/drivers/net/hyperv",
    "kernel/drivers/net/vmxnet3",
)

ENABLED_UNITS = (
    "systemd-networkd.service",
    "systemd-resolved.service",
    "ssh.service",
    "provision-ssh-keys.service",
    "provision-start.service",
    "provision-join.service",
)
# etcd and NTP start when a config asks for them; timers that write packages' state have nothing to do here.
DISABLED_UNITS = (
    "etcd.service",
    "systemd-timesyncd.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
)

KERNEL_ARGS = ("console=tty0", "console=ttyS0,115200", "quiet", "loglevel=4", "panic=30")


@dataclass(frozen=True, slots=True)
class Recipe:
    """`kernel` is a key of KERNEL_PACKAGES, `mirror` a Debian mirror's URL."""

    name: str = "debian-12"
    kernel: str = "cloud"
    mirror: str = "http://deb.debian.org"

    @property
    def sources(self) -> tuple[str, ...]:
        return (
            f"deb {self.mirror}/debian {SUITE} main",
            f"deb {self.mirror}/debian {SUITE}-updates main",
            f"deb {self.mirror}/debian-security {SUITE}-security main",
        )


def packages_id(recipe: Recipe) -> str:
    """Identifies the layer that takes minutes to make: packages and kernel."""
    return _digest(
        (
            recipe.kernel,
            SUITE,
            *PACKAGES,
            *EXCLUDED_PATHS,
            *REMOVED_FROM_TREE,
            *REMOVED_MODULES,
            *recipe.sources,
        )
    )


def content_id(recipe: Recipe, inputs: list[Path], root: Path) -> str:
    """Identifies the whole image: the packages' layer and every file of ours that goes in."""
    lines = [packages_id(recipe), recipe.name, *INITRD_MODULES, *INITRD_MODULE_FOLDERS, *ENABLED_UNITS]
    lines += [*DISABLED_UNITS, *KERNEL_ARGS]
    for path in sorted(inputs):
        lines.append(f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return _digest(tuple(lines))


def _digest(lines: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
