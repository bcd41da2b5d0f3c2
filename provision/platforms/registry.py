"""Every source of configs, in the order in which they are looked for."""

from __future__ import annotations

from provision.platforms.azure import AZURE
from provision.platforms.contract import Platform
from provision.platforms.digitalocean import DIGITALOCEAN
from provision.platforms.ec2 import EC2
from provision.platforms.file import FILE, FILE_IN_IMAGE
from provision.platforms.gce import GCE
from provision.platforms.hetzner import HETZNER
from provision.platforms.nocloud import NOCLOUD_DRIVE, NOCLOUD_SEED
from provision.platforms.openstack import CONFIG_DRIVE, OPENSTACK
from provision.platforms.packet import PACKET
from provision.platforms.pxe import PXE
from provision.platforms.qemu import QEMU
from provision.platforms.vagrant import VAGRANT
from provision.platforms.virtualbox import VIRTUALBOX
from provision.platforms.vmware import VMWARE
from provision.platforms.vultr import VULTR

PLATFORMS: tuple[Platform, ...] = (
    # What somebody said of this very machine comes before what its makers say.
    PXE,
    FILE,
    QEMU,
    NOCLOUD_SEED,
    NOCLOUD_DRIVE,
    CONFIG_DRIVE,
    VAGRANT,
    FILE_IN_IMAGE,
    VMWARE,
    VIRTUALBOX,
    AZURE,
    DIGITALOCEAN,
    EC2,
    GCE,
    HETZNER,
    OPENSTACK,
    PACKET,
    VULTR,
)
"""The first that is certain, and that the image allows, is asked; no other."""
