"""The whole config as one typed, frozen value."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from provision.sections.containers import Container
from provision.sections.directories import Directory
from provision.sections.etcd import Etcd
from provision.sections.files import File
from provision.sections.groups import Group
from provision.sections.links import Link
from provision.sections.network import Network
from provision.sections.units import Unit
from provision.sections.users import User


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one machine shall be. Every section is optional: an absent one leaves its part alone."""

    hostname: Annotated[
        str | None,
        Meta(description="The machine's name (RFC 1123), written to /etc/hostname.", examples=["node1"]),
    ] = None
    groups: Annotated[tuple[Group, ...], Meta(description="Groups that shall exist.")] = ()
    users: Annotated[tuple[User, ...], Meta(description="Users that shall exist, and who may log in.")] = ()
    files: Annotated[tuple[File, ...], Meta(description="Files with their content, mode and owner.")] = ()
    directories: Annotated[tuple[Directory, ...], Meta(description="Directories that shall exist.")] = ()
    links: Annotated[tuple[Link, ...], Meta(description="Symbolic and hard links.")] = ()
    units: Annotated[tuple[Unit, ...], Meta(description="systemd units and their drop-ins.")] = ()
    network: Annotated[Network | None, Meta(description="Network interfaces (systemd-networkd).")] = None
    containers: Annotated[
        tuple[Container, ...], Meta(description="Containers, each as a service of systemd.")
    ] = ()
    etcd: Annotated[Etcd | None, Meta(description="Membership of an etcd cluster.")] = None
