"""The whole config as one typed, frozen value."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from provision.sections.commands import Command
from provision.sections.containers import Container
from provision.sections.directories import Directory
from provision.sections.etcd import Etcd
from provision.sections.files import File
from provision.sections.groups import Group
from provision.sections.hosts_file import Host
from provision.sections.include import Include
from provision.sections.kernel import Kernel
from provision.sections.keyboard import Keyboard
from provision.sections.links import Link
from provision.sections.locale import Locale
from provision.sections.network import Network
from provision.sections.proxy import Proxy
from provision.sections.report import Report
from provision.sections.ssh_host_keys import SshHostKey
from provision.sections.time import Time
from provision.sections.trees import Tree
from provision.sections.trust import Trust
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
    trees: Annotated[
        tuple[Tree, ...], Meta(description="Directories with all that is in them, from tar archives.")
    ] = ()
    links: Annotated[tuple[Link, ...], Meta(description="Symbolic and hard links.")] = ()
    units: Annotated[tuple[Unit, ...], Meta(description="systemd units and their drop-ins.")] = ()
    network: Annotated[Network | None, Meta(description="Network interfaces (systemd-networkd).")] = None
    containers: Annotated[
        tuple[Container, ...], Meta(description="Containers, each as a service of systemd.")
    ] = ()
    etcd: Annotated[Etcd | None, Meta(description="Membership of an etcd cluster.")] = None
    vars: Annotated[
        dict[str, str | int | bool],
        Meta(
            description="Variables of this config: ${vars.NAME} in a text stands for the value. A value may "
            "refer to other variables and to facts; secrets take no variables.",
            examples=[{"domain": "lab.example", "port": 8080}],
        ),
    ] = {}
    include: Annotated[
        tuple[Include, ...],
        Meta(
            description="Configs this one is built on: what they say holds unless this file, or a later include, "
            "says otherwise."
        ),
    ] = ()
    report: Annotated[
        Report | None, Meta(description="Where first-boot reports, unless the kernel command line says.")
    ] = None
    ssh_host_keys: Annotated[
        tuple[SshHostKey, ...],
        Meta(description="SSH host keys the machine shall have, instead of making its own."),
    ] = ()
    hosts: Annotated[
        tuple[Host, ...],
        Meta(description="Names that resolve without DNS: all of /etc/hosts, with the machine's own names."),
    ] = ()
    kernel: Annotated[Kernel | None, Meta(description="Kernel arguments, modules and settings (sysctl).")] = (
        None
    )
    time: Annotated[Time | None, Meta(description="Time zone and NTP servers.")] = None
    locale: Annotated[Locale | None, Meta(description="Language and conventions.")] = None
    keyboard: Annotated[Keyboard | None, Meta(description="Keyboard of the console.")] = None
    trust: Annotated[Trust | None, Meta(description="Certificate authorities to trust.")] = None
    proxy: Annotated[Proxy | None, Meta(description="Web proxy of all programs.")] = None
    commands: Annotated[
        tuple[Command, ...], Meta(description="Commands and scripts, run until they are done.")
    ] = ()
