"""The whole config as one typed, frozen value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

if TYPE_CHECKING:
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


# Where the types of the sections are. A config has a few of them, and importing them all takes longer than the rest
# of its check: each is imported when a config has the section.
HOMES: Mapping[str, str] = {
    "Command": "provision.sections.commands",
    "Container": "provision.sections.containers",
    "Directory": "provision.sections.directories",
    "Etcd": "provision.sections.etcd",
    "File": "provision.sections.files",
    "Group": "provision.sections.groups",
    "Host": "provision.sections.hosts_file",
    "Include": "provision.sections.include",
    "Kernel": "provision.sections.kernel",
    "Keyboard": "provision.sections.keyboard",
    "Link": "provision.sections.links",
    "Locale": "provision.sections.locale",
    "Network": "provision.sections.network",
    "Proxy": "provision.sections.proxy",
    "Report": "provision.sections.report",
    "SshHostKey": "provision.sections.ssh_host_keys",
    "Time": "provision.sections.time",
    "Tree": "provision.sections.trees",
    "Trust": "provision.sections.trust",
    "Unit": "provision.sections.units",
    "User": "provision.sections.users",
}


@cache
def section_type(name: str) -> Any:
    """The type of a field of Document, as msgspec takes it. KeyError for a name that is no field."""
    # The annotation is a text of this file, not of a config.
    return eval(Document.__annotations__[name], globals(), _Types())  # noqa: S307


def whole_document() -> type[Document]:
    """Document with the types of all sections in place, for those who ask msgspec about it."""
    globals().update({name: getattr(import_module(home), name) for name, home in HOMES.items()})
    return Document


class _Types(Mapping[str, Any]):
    """The types by name, imported when they are looked up."""

    def __getitem__(self, name: str) -> Any:
        return getattr(import_module(HOMES[name]), name)

    def __iter__(self) -> Iterator[str]:
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)
